import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("lets each instance keep the rules that it began with", async () => {
  const { stdout, stderr } = await runProgram([main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual([
    "invoice 1.0: [ 'invoice by letter' ]",
    "reminder 1.0: [ 'reminder by letter' ]",
    "invoice 2.0: [ 'invoice by letter', 'invoice by mail' ]",
    "reminder 2.0: [ 'announcement by mail', 'reminder by mail' ]",
  ]);
  expect(stderr).toBe("");
});
