import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("keeps what comes in while it is suspended, and tells why it ended", async () => {
  const { stdout, stderr } = await runProgram([main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual([
    "a coin: RUNNING, 50 cents",
    "suspended, and a coin: SUSPENDED, 50 cents",
    "resumed: RUNNING, 70 cents",
    "terminated: TERMINATED, broken open with a hammer",
    "ORCHESTRATION_FAILED: TERMINATED",
    "executionSuspended: the bank is closed",
    "executionResumed: the bank is open",
  ]);
  expect(stderr).toBe("");
});
