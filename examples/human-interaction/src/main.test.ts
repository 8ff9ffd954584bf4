import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("takes the answer that comes, and goes on without the one that does not", async () => {
  const { stdout, stderr } = await runProgram([main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(4);
  // The two go on side by side: only what is about one of them has an order.
  expect(lines.filter((line) => line.includes("holiday-1"))).toEqual([
    'to the manager: please decide on "a week in May" (holiday-1)',
    "holiday-1: granted by Grace",
  ]);
  expect(lines.filter((line) => line.includes("holiday-2"))).toEqual([
    'to the manager: please decide on "a month in June" (holiday-2)',
    "holiday-2: nobody answered in time: passed on to the director",
  ]);
  expect(stderr).toBe("");
});
