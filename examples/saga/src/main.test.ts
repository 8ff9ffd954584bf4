import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("undoes what was done, in reverse order", async () => {
  const { stdout, stderr } = await runProgram([main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual([
    "booked a hotel for Turin",
    "booked a flight for Turin",
    "booked a car for Turin",
    "off to Turin",
    "booked a hotel for Venice",
    "booked a flight for Venice",
    "cancelled flight-Venice",
    "cancelled hotel-Venice",
    "staying at home: there are no streets",
  ]);
  expect(stderr).toBe("");
});
