import { describe, expect, it } from "vitest";
import { BoundedWait } from "./bounded-wait.ts";

/** A wait after a commit, and the clock that it looks at. */
function after(
  commands: number,
  tookMs: number,
): { wait: BoundedWait; pass: (ms: number) => void } {
  let now = 100;
  const wait = new BoundedWait(() => now);
  wait.acknowledged(commands, tookMs);
  return { wait, pass: (ms) => void (now += ms) };
}

describe("the wait for more after a commit", () => {
  it("goes on as long as commands keep coming", () => {
    const { wait } = after(10, 2);
    expect([3, 4, 4].map((commands) => wait.goesOn(commands, false))).toEqual([true, true, false]);
  });

  it("goes on while workers are at something", () => {
    const { wait } = after(10, 2);
    expect([true, true, false].map((isBusy) => wait.goesOn(3, isBusy))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([
    [1, 0.5],
    [2, 1],
    [3, 1.5],
    [50, 1.5],
  ])("after a commit of %d ms takes at most %d ms", (tookMs, atMostMs) => {
    const { wait, pass } = after(10, tookMs);
    pass(atMostMs - 0.01);
    expect(wait.goesOn(3, true)).toBe(true);
    pass(0.01);
    expect(wait.goesOn(4, true)).toBe(false);
  });

  it("is left out where commits are fast, where many commands share one, and before the first", () => {
    expect(after(10, 0.9).wait.goesOn(3, true)).toBe(false);
    expect(after(200, 2).wait.goesOn(3, true)).toBe(true);
    expect(after(201, 2).wait.goesOn(3, true)).toBe(false);
    expect(new BoundedWait(() => 0).goesOn(3, true)).toBe(false);
  });
});
