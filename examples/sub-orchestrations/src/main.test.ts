import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("runs the children side by side, and handles the one that fails", async () => {
  const { stdout, stderr } = await runProgram([main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.slice(0, 2).sort()).toEqual(["meter 7: installed", "meter 8: installed"]);
  expect(lines.slice(2, 5)).toEqual([
    "meter 7 is up to date",
    "meter 8 is up to date",
    "meter 9 needs a visit",
  ]);
  expect(lines.slice(5).sort()).toEqual([
    "turin           COMPLETED",
    "turin-meter-7   COMPLETED",
    "turin-meter-8   COMPLETED",
    "turin-meter-9   FAILED",
  ]);
  expect(stderr).toBe("");
});
