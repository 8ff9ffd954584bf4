import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

describe("the watchdog", () => {
  it("names the activity that holds the event loop while it holds it, and logs it afterwards", () => {
    const program = fileURLToPath(new URL("./programs/busy-activity.ts", import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, [program], { encoding: "utf8" });
    expect([status, stdout.trim()]).toEqual([0, "done"]);
    expect(stderr).toMatch(/held for \d\.\d s .*under way: activity 'spin' of busy/u);
    expect(stderr).toContain("worker.event-loop-held");
  });
});
