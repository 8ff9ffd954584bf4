import { describe, expect, it } from "vitest";
import { Slots } from "./slots.ts";

describe("slots", () => {
  it("run as much as the limit allows, and the rest in order as slots come free", () => {
    const slots = new Slots(2);
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
    const slots = new Slots(1);
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
});
