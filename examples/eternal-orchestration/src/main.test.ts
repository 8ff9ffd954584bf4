import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("goes on from round to round with a short history, until it is told to stop", async () => {
  const { stdout, stderr } = await runProgram([main]);
  const lines = stdout.trimEnd().split("\n");
  const rounds = lines.filter((line) => line.startsWith("round ")).length;
  expect(rounds).toBeGreaterThanOrEqual(3);
  const files = (3 * rounds * (rounds + 1)) / 2;
  expect(lines.slice(rounds)).toEqual([
    `${files} files in ${rounds} rounds; stopped: closing time`,
    expect.stringMatching(/^the last round's history has (\d|1\d) events$/),
  ]);
  expect(stderr).toBe("");
});
