import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("goes on from round to round with a short history, until it is told to stop", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main]);
  const lines = stdout.trimEnd().split("\n");
  const rounds = lines.filter((line) => line.startsWith("round ")).length;
  expect(rounds).toBeGreaterThan(1);
  const files = (3 * rounds * (rounds + 1)) / 2;
  expect(lines.slice(rounds)).toEqual([
    `${files} files in ${rounds} rounds; stopped: closing time`,
    expect.stringMatching(/^the last round's history has (\d|1\d) events$/),
  ]);
  expect(stderr).toBe("");
}, 30_000);
