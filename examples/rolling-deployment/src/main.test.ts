import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("runs each instance where its version fits, and fails none", async () => {
  const { stdout, stderr } = await runProgram([main]);
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
});
