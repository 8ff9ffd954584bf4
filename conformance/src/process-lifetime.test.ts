import { fileURLToPath } from "node:url";
import { runProgram } from "@durabletask/test-kit";
import { describe, expect, it } from "vitest";

describe("a pending wait of a client", () => {
  it("keeps the process alive until it is over, and no longer", async () => {
    const program = fileURLToPath(new URL("./programs/waiting-client.ts", import.meta.url));
    expect(await runProgram([program])).toEqual({ stdout: "TERMINATED\n", stderr: "" });
  });
});
