import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("runs each style to the same end", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual([
    "awaiting: 800 km",
    "delegating: 800 km",
    "yielding: 800 km",
    "roundTrip: 800 km",
  ]);
  expect(stderr).toBe("");
}, 30_000);
