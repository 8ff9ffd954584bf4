import { expect, it } from "vitest";
import { createProgress } from "./progress.ts";
import type { Report } from "./report.ts";

function report(ended: number, waiting = 0): Report {
  return { ended, steps: ended * 7, waiting, replays: { turns: 0, events: 0 }, openedInMs: 0 };
}

it("prints a line now and then where there is no terminal, the first and the last included", () => {
  const lines: string[] = [];
  const progress = createProgress(9, { write: (line: string) => lines.push(line) > 0 });
  for (const ended of [0, 1, 2]) progress.show(report(ended));
  progress.show(report(3, 2));
  progress.stop();
  expect(lines).toEqual([
    "  0 of 9 orders · 0 steps\n",
    "  3 of 9 orders · 21 steps · 2 to be approved\n",
  ]);
});

it("does not repeat itself", () => {
  const lines: string[] = [];
  const progress = createProgress(9, { write: (line: string) => lines.push(line) > 0 });
  progress.show(report(4));
  progress.stop();
  expect(lines).toHaveLength(1);
});
