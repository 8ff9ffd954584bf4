import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "@durabletask/test-kit";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");
const readme = join(import.meta.dirname, "../../../README.md");

it("is the program of the README", async () => {
  const [, program] = /^```ts\n(.*?)^```$/ms.exec(await readFile(readme, "utf8")) ?? [];
  expect(program).toBe(await readFile(main, "utf8"));
});

it("greets everybody, and again when it is run on the same file", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
  const run = () => runProgram([main], { cwd: folder.path });
  expect(await run()).toEqual({ stdout: "[ 'Hello, Ada!', 'Hello, Grace!' ]\n", stderr: "" });
  expect(await run()).toEqual({ stdout: "[ 'Hello, Ada!', 'Hello, Grace!' ]\n", stderr: "" });
});
