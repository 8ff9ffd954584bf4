import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("./programs/rejections.ts", import.meta.url));

function run(what: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [program, what], { encoding: "utf8" });
}

describe("a process with a worker (E12)", () => {
  it("is not ended by a helper of an orchestrator that fails before it is awaited", () => {
    const { status, stdout } = run("helper");
    expect([status, stdout.trim()]).toEqual([0, "caught late"]);
  });

  it("is ended by any other rejection that nobody handles, as without a worker", () => {
    const { status, stdout, stderr } = run("foreign");
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("nobody handles this");
  });
});
