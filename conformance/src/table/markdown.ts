import type { Outcome, Results } from "./results.ts";

/** The results as a table of Markdown, with a note for each reason. */
export function markdownTable(results: Results): string {
  const peers = [...results.peers];
  const notes = new Map<string, number>();
  const rows = Array.from(results.scenarios, (scenario) => {
    const cells = peers.map((peer) => cell(results.of(scenario, peer), notes));
    return line([scenario, ...cells]);
  });
  const head = [line(["scenario", ...peers]), line(["---", ...peers.map(() => ":-:")])];
  const reasons = Array.from(notes, ([reason, number]) => `${number}. ${reason}`);
  return [...head, ...rows, ...(reasons.length > 0 ? ["", ...reasons] : [])].join("\n");
}

function cell(outcome: Outcome | undefined, notes: Map<string, number>): string {
  switch (outcome?.kind) {
    case undefined:
      return "";
    case "passed":
      return "✓";
    case "failed":
      return "✗";
    case "not run":
      return "not run";
    case "excepted": {
      const number = notes.get(outcome.reason) ?? notes.size + 1;
      notes.set(outcome.reason, number);
      return `(${number})`;
    }
  }
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
