import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("takes what fits its schema, and says what is wrong with the rest", async () => {
  const { stdout, stderr } = await runProgram([main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual([
    "reserving 1 night(s) from 2030-01-01 for Ada",
    "Ada has room 12 since 15 o'clock",
    "reserving 1 night(s) from 2030-01-01 for Nobody",
    "no room for Nobody: room: Invalid value: Expected >=1 but received 0",
    "reserving 1 night(s) from 2030-01-01 for Grace",
    'no room for Grace: at: Invalid timestamp: Received "at night"',
    "the input of orchestrator 'stay' is not valid: guest: Too small: expected string to have >=1 characters; " +
      "nights: Too small: expected number to be >0 (docs/errors/PAYLOAD_INVALID.md)",
  ]);
  expect(stderr).toBe("");
});
