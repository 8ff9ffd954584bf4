/** A row of a table: what it is about, the figure, and what there is to say about it. */
export interface Row {
  readonly label: string;
  readonly figure: string;
  readonly note: string;
  /** Whether it details the row above. */
  readonly isDetail?: boolean;
}

/** A table in plain text: labels to the left, figures to the right, notes as they are. A rule precedes each main row. */
export function formatTable(rows: readonly Row[]): string {
  const labels = rows.map(({ label, isDetail }) => (isDetail === true ? `  ${label}` : label));
  const widths = {
    label: longest(labels),
    figure: longest(rows.map(({ figure }) => figure)),
    note: longest(rows.map(({ note }) => note)),
  };
  const rule = (left: string, middle: string, right: string): string =>
    `${left}${[widths.label, widths.figure, widths.note].map((width) => "─".repeat(width + 2)).join(middle)}${right}`;
  const lines = rows.flatMap(({ figure, note, isDetail }, index) => {
    const cells = [
      (labels[index] ?? "").padEnd(widths.label),
      figure.padStart(widths.figure),
      note.padEnd(widths.note),
    ];
    const line = `│ ${cells.join(" │ ")} │`;
    return isDetail === true || index === 0 ? [line] : [rule("├", "┼", "┤"), line];
  });
  return [rule("┌", "┬", "┐"), ...lines, rule("└", "┴", "┘")].join("\n");
}

function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length));
}
