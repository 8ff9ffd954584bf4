import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("runs the steps in order, each on what the one before it gave", async () => {
  const { stdout, stderr } = await runProgram([main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual([
    "reading greenhouse",
    "converting 66.2 °F",
    'publishing "greenhouse 19.0 °C"',
    "published at https://readings.example/greenhouse%2019.0%20%C2%B0C",
  ]);
  expect(stderr).toBe("");
});
