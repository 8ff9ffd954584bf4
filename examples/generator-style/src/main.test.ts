import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("runs each style to the same end", async () => {
  const { stdout, stderr } = await runProgram([main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual([
    "awaiting: 800 km",
    "delegating: 800 km",
    "yielding: 800 km",
    "roundTrip: 800 km",
  ]);
  expect(stderr).toBe("");
});
