import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("runs each instance where its version fits, and fails none", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual([
    "strict, order 2.0, before its worker is there: PENDING",
    "strict, order 1.0: sponge, by worker 1.0",
    "strict, order 2.0: trifle, by worker 2.0",
    "currentOrOlder, order 2.0, before its worker is there: PENDING",
    "currentOrOlder, order 1.0: sponge, by worker 2.0",
    "currentOrOlder, order 2.0: trifle, by worker 2.0",
    "0 failed",
  ]);
  expect(stderr).toBe("");
}, 30_000);
