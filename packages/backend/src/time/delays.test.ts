import { longestTimerMs, VirtualClock } from "@durabletask/core/spi";
import { expect, it } from "vitest";
import { Delays } from "./delays.ts";

function begin() {
  const clock = new VirtualClock(0);
  const broken: unknown[] = [];
  return { clock, broken, delays: new Delays(clock, (error) => broken.push(error)) };
}

it("takes as long as it is to take, however the clock is set meanwhile", () => {
  for (const jump of [-3_600_000, 3_600_000]) {
    const { clock, delays } = begin();
    let isDone = false;
    delays.after(1_000, () => (isDone = true));
    clock.jump(jump);
    clock.advance(999);
    expect(isDone).toBe(false);
    clock.advance(1);
    expect([isDone, delays.size]).toEqual([true, 0]);
  }
});

it("may take longer than a timer can", () => {
  const { clock, delays } = begin();
  let isDone = false;
  delays.after(2.5 * longestTimerMs, () => (isDone = true));
  clock.advance(2.5 * longestTimerMs - 1);
  expect([isDone, delays.size]).toEqual([false, 1]);
  clock.advance(1);
  expect(isDone).toBe(true);
});

it("does nothing that was taken back, or was to come when it was stopped, or was asked for afterwards", () => {
  const { clock, delays } = begin();
  const done: number[] = [];
  const act = (number: number) => () => void done.push(number);
  const takeBack = delays.after(1, act(1));
  delays.after(1, act(2));
  takeBack();
  takeBack();
  clock.advance(1);
  expect(done).toEqual([2]);
  delays.after(1, act(3));
  delays.stop();
  delays.after(1, act(4))();
  delays.after(1, act(5));
  expect([delays.size, clock.next]).toEqual([0, undefined]);
  clock.advance(1);
  expect(done).toEqual([2]);
});

it("tells what breaks off", () => {
  const { clock, broken, delays } = begin();
  const error = new Error("injected");
  delays.after(1, () => {
    throw error;
  });
  clock.advance(1);
  expect(broken).toEqual([error]);
});
