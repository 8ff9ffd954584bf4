import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("takes the answer that comes, and goes on without the one that does not", async () => {
  const { stdout, stderr } = await runProgram([main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.slice(0, 2).sort()).toEqual([
    'to the manager: please decide on "a month in June" (holiday-2)',
    'to the manager: please decide on "a week in May" (holiday-1)',
  ]);
  expect(lines.slice(2)).toEqual([
    "holiday-1: granted by Grace",
    "holiday-2: nobody answered in time: passed on to the director",
  ]);
  expect(stderr).toBe("");
});
