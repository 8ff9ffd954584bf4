import { fileURLToPath } from "node:url";
import { Program } from "@durabletask/test-kit";
import { describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("./programs/rejections.ts", import.meta.url));

describe("a process with a worker (E12)", () => {
  it("is not ended by a helper of an orchestrator that fails before it is awaited", async () => {
    const { exit, stdout } = await Program.start([program, "helper"]).ended;
    expect([exit, stdout.trim()]).toEqual([0, "caught late"]);
  });

  it("is ended by any other rejection that nobody handles, as without a worker", async () => {
    const { exit, stdout, stderr } = await Program.start([program, "foreign"]).ended;
    expect([exit, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("nobody handles this");
  });
});
