/** What was seen at one moment of a soak. */
export interface Sample {
  readonly minute: number;
  readonly perSecond: number;
  readonly heapMB: number;
  readonly residentMB: number;
  readonly fileMB: number;
  readonly delayMs: number;
}

const columns: readonly (readonly [keyof Sample, string])[] = [
  ["minute", "minute"],
  ["perSecond", "orchestrations/s"],
  ["heapMB", "heap after a collection, MB"],
  ["residentMB", "resident, MB"],
  ["fileMB", "file and WAL, MB"],
  ["delayMs", "event-loop delay p99, ms"],
];

/** The samples as a table in Markdown. */
export function table(samples: readonly Sample[]): string {
  const rows = [
    columns.map(([, heading]) => heading),
    columns.map(() => "--:"),
    ...samples.map((sample) => columns.map(([key]) => sample[key].toFixed(1))),
  ];
  return rows.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

const width = 600;
const height = 80;

/** The samples as an SVG: a line for each column, from zero to its highest value. */
export function chart(samples: readonly Sample[]): string {
  const charts = columns.slice(1).map(([key, heading], index) => {
    const values = samples.map((sample) => sample[key]);
    const highest = Math.max(...values, Number.MIN_VALUE);
    const points = values.map((value, at) => {
      const x = (at / Math.max(values.length - 1, 1)) * width;
      return `${x.toFixed(1)},${(height - (value / highest) * height).toFixed(1)}`;
    });
    return `<g transform="translate(10 ${index * (height + 40) + 30})">
<text y="-8" font-family="sans-serif" font-size="12">${heading}: up to ${highest.toFixed(1)}</text>
<path d="M0 ${height}H${width}" stroke="#ccc"/>
<polyline points="${points.join(" ")}" fill="none" stroke="#06c"/></g>`;
  });
  const total = charts.length * (height + 40) + 10;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width + 20} ${total}">\n${charts.join("\n")}\n</svg>\n`;
}
