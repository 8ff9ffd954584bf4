import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("keeps what comes in while it is suspended, and tells why it ended", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main]);
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
}, 30_000);
