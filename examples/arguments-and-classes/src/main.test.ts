import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("carries several arguments and instances of a class", async () => {
  const { stdout, stderr } = await runProgram([main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual([
    "over the wire: { cents: 1890 }",
    "with the codec: € 20.01 with a tip; delivered at 2030-01-04T00:00:00.000Z",
  ]);
  expect(stderr).toBe("");
});
