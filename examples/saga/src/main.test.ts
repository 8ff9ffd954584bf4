import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("undoes what was done, in reverse order", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main]);
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
}, 30_000);
