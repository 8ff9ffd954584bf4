import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("counts every chapter, the one that fails at first included", async () => {
  const { stdout, stderr } = await runProgram([main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.slice(0, -1).sort()).toEqual([
    "chapter 0: 12 words (task 2)",
    "chapter 1: 3 words (task 3)",
    expect.stringMatching(/^chapter 2: 14 words \(task \d+\)$/),
    "chapter 3: 15 words (task 5)",
  ]);
  expect(lines.at(-1)).toBe("44 words in 4 chapters");
  expect(stderr).toBe("");
});
