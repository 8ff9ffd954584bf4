import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("looks until the work is done, or until the deadline", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main]);
  const lines = stdout.trimEnd().split("\n");
  const long = lines.filter((line) => line === "long film: still at work").length;
  expect(long).toBeGreaterThan(1);
  expect(lines).toEqual([
    "short film: still at work",
    "short film: still at work",
    "short film: done",
    "short film: done at look 3",
    ...Array.from({ length: long }, () => "long film: still at work"),
    `long film: given up after ${long} looks`,
  ]);
  expect(stderr).toBe("");
}, 30_000);
