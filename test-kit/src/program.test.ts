import { VirtualClock } from "@durabletask/core/spi";
import { describe, expect, it } from "vitest";
import { Program, runProgram } from "./program.ts";

const code = (text: string): string[] => ["--eval", text];

describe("a program of a test", () => {
  it("has ended once all that it has written is there", async () => {
    const writes = `process.stdout.write("x".repeat(1e6)); process.stderr.write("y"); process.exitCode = 3`;
    const end = await Program.start(code(writes)).ended;
    expect(end).toEqual({ exit: 3, stdout: "x".repeat(1e6), stderr: "y" });
  });

  it("says what it has written when it does not end well", async () => {
    const run = runProgram(code(`console.log("so far"); console.error("so bad"); process.exit(1)`));
    await expect(run).rejects.toThrow(/ended \(1\)[^]*so far[^]*so bad/u);
  });

  it("says what it has written when it ends before what is waited for", async () => {
    const program = Program.start(code(`console.log("so far")`));
    await expect(program.until(({ stdout }) => stdout.includes("further"))).rejects.toThrow(
      /ended \(0\) before[^]*so far/u,
    );
  });

  it("is ended a little before its test runs out of time, and says what it has written", async () => {
    const clock = new VirtualClock();
    const program = Program.start(code(`console.log("so far"); setInterval(() => {}, 1e6)`), {
      clock,
    });
    await program.until(({ stdout }) => stdout.includes("\n"));
    const hangs = program.until(({ stdout }) => stdout.includes("further"));
    clock.advance(27_000);
    await expect(hangs).rejects.toThrow(/nearly over[^]*so far/u);
    await expect(program.ended).rejects.toThrow("nearly over");
  });

  it("finds what programs before it have compiled", async () => {
    const look = `console.log(require("node:module").getCompileCacheDir())`;
    const { stdout } = await runProgram(code(look));
    expect(stdout).toContain(".compile-cache");
  });

  it("rejects where there is none", async () => {
    await expect(Program.start([], { command: "/none/program" }).ended).rejects.toThrow("ENOENT");
  });
});
