import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("finds orchestrations by pages, and reads the history of one in two forms", async () => {
  const { stdout, stderr } = await runProgram([main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.slice(0, 6)).toEqual([
    "page: holiday-1 holiday-2 holiday-3 holiday-4",
    "page: holiday-6 holiday-7",
    "failed: holiday-5 with 5.png: not a picture",
    '#1 resize("1.png")',
    '#1 gave "1-small.png"',
    "#2 timer",
  ]);
  expect(lines[6]).toMatch(/^\d+ events, the second one: \{$/u);
  expect(lines.slice(7).join("\n")).toContain("executionStarted: {\n    name: 'thumbnail'");
  expect(stderr).toBe("");
});
