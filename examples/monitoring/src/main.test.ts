import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("looks until the work is done, or until the deadline", async () => {
  const { stdout, stderr } = await runProgram([main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual([
    "short film: still at work",
    "short film: still at work",
    "short film: done",
    "short film: done at look 3",
    "long film: still at work",
    "long film: still at work",
    "long film: still at work",
    "long film: given up after 3 looks",
  ]);
  expect(stderr).toBe("");
});
