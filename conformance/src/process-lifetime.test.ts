import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

describe("a pending wait of a client", () => {
  it("keeps the process alive until it is over, and no longer", () => {
    const program = fileURLToPath(new URL("./programs/waiting-client.ts", import.meta.url));
    const { status, stdout } = spawnSync(process.execPath, [program], { encoding: "utf8" });
    expect([status, stdout.trim()]).toEqual([0, "TERMINATED"]);
  });
});
