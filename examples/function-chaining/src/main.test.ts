import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const main = join(import.meta.dirname, "main.ts");

it("runs the steps in order, each on what the one before it gave", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toEqual([
    "reading greenhouse",
    "converting 66.2 °F",
    'publishing "greenhouse 19.0 °C"',
    "published at https://readings.example/greenhouse%2019.0%20%C2%B0C",
  ]);
  expect(stderr).toBe("");
}, 30_000);
