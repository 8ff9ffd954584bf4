import { describe, expect, it } from "vitest";
import { Slots } from "./slots.ts";
import { WorkSlice } from "./work-slice.ts";

/** Slots on a clock that stands still, unless the test moves it. */
function openSlots(limit: number) {
  const time = { nowMs: 0 };
  const slice = new WorkSlice(
    () => time.nowMs,
    () => slots.serve(),
  );
  const slots = new Slots(limit, slice);
  return { slots, time };
}

/** The event loop comes round. */
function comeRound(): Promise<void> {
  return new Promise(setImmediate);
}

describe("slots", () => {
  it("run as much as the limit allows, and the rest in order as slots come free", () => {
    const { slots } = openSlots(2);
    const ran: number[] = [];
    for (let n = 0; n < 5; n += 1) slots.run({ start: () => ran.push(n) });
    expect(ran).toEqual([0, 1]);
    slots.release();
    expect(ran).toEqual([0, 1, 2]);
    slots.release();
    slots.release();
    expect(ran).toEqual([0, 1, 2, 3, 4]);
    slots.release();
    slots.release();
    slots.run({ start: () => ran.push(5) });
    expect(ran.at(-1)).toBe(5);
  });

  it("run thousands in a row that are over as soon as they have started", () => {
    const { slots } = openSlots(1);
    let ran = 0;
    const brief = {
      start: () => {
        ran += 1;
        slots.release();
      },
    };
    slots.run({ start: () => {} });
    for (let n = 0; n < 50_000; n += 1) slots.run(brief);
    expect(ran).toBe(0);
    slots.release();
    expect(ran).toBe(50_000);
  });

  it("start what takes up a slice of time, and more once the event loop has come round", async () => {
    const { slots, time } = openSlots(100);
    let ran = 0;
    const slow = {
      start: () => {
        ran += 1;
        time.nowMs += 4;
        slots.release();
      },
    };
    for (let n = 0; n < 20; n += 1) slots.run(slow);
    expect(ran).toBe(8);
    await comeRound();
    expect(ran).toBe(16);
    slots.run(slow);
    expect(ran).toBe(16);
    await comeRound();
    expect(ran).toBe(21);
  });
});
