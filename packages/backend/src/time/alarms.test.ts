import { describe, expect, it } from "vitest";
import { Alarms } from "./alarms.ts";
import { VirtualClock } from "@durabletask/core/spi";

const unexpected = (error: unknown): void => {
  throw error;
};

describe("Alarms", () => {
  it("ring in the order of their instants, and not before", () => {
    const clock = new VirtualClock(0);
    const alarms = new Alarms(clock, unexpected);
    const rung: number[] = [];
    for (const due of [5, 3, 9, 1, 7, 3]) {
      alarms.add(due, () => {
        expect(clock.now()).toBeGreaterThanOrEqual(due);
        rung.push(due);
      });
    }
    clock.advance(4);
    expect(rung).toEqual([1, 3, 3]);
    clock.advance(10);
    expect(rung).toEqual([1, 3, 3, 5, 7, 9]);
    expect(clock.next).toBeUndefined();
  });

  it("what breaks off as it rings is told, and keeps nothing else from ringing", () => {
    const clock = new VirtualClock(0);
    const broken: unknown[] = [];
    const alarms = new Alarms(clock, (error) => broken.push(error));
    const rung: number[] = [];
    const error = new Error("injected");
    alarms.add(1, () => {
      throw error;
    });
    for (const due of [1, 2]) alarms.add(due, () => rung.push(due));
    clock.advance(2);
    expect(broken).toEqual([error]);
    expect(rung).toEqual([1, 2]);
  });

  it("what is cancelled never rings, wherever it stands", () => {
    for (let victim = 0; victim < 50; victim++) {
      const clock = new VirtualClock(0);
      const alarms = new Alarms(clock, unexpected);
      const rung: number[] = [];
      const added = Array.from({ length: 50 }, (_, index) => {
        const due = (index * 37) % 50;
        return alarms.add(due, () => rung.push(due));
      });
      const alarm = added[victim];
      if (alarm) alarms.cancel(alarm);
      if (alarm) alarms.cancel(alarm);
      expect(alarms.size).toBe(49);
      clock.advance(100);
      expect(rung).toEqual(rung.toSorted((a, b) => a - b));
      expect(rung).toHaveLength(49);
      expect(rung).not.toContain(alarm?.due);
    }
  });

  it("look at the clock at least every 30 s, so that a jump is noticed", () => {
    const clock = new VirtualClock(0);
    const alarms = new Alarms(clock, unexpected);
    let isRung = false;
    alarms.add(3_600_000, () => (isRung = true));
    clock.jump(3_600_000);
    clock.advance(29_999);
    expect(isRung).toBe(false);
    clock.advance(1);
    expect(isRung).toBe(true);
  });

  it("do not trust a timer that comes early", () => {
    const clock = new VirtualClock(0);
    const early = {
      now: () => clock.now(),
      schedule: (callback: () => void, delayMs: number) =>
        clock.schedule(callback, delayMs > 1 ? delayMs - 1 : delayMs),
    };
    const alarms = new Alarms(early, unexpected);
    let at = -1;
    alarms.add(10, () => (at = clock.now()));
    clock.advance(9);
    expect(at).toBe(-1);
    clock.advance(1);
    expect(at).toBe(10);
  });

  it("added while others ring, ring in their turn", () => {
    const clock = new VirtualClock(0);
    const alarms = new Alarms(clock, unexpected);
    const rung: string[] = [];
    alarms.add(1, () => {
      alarms.add(1, () => rung.push("now"));
      alarms.add(5, () => rung.push("later"));
      rung.push("first");
    });
    clock.advance(1);
    expect(rung).toEqual(["first", "now"]);
    clock.advance(4);
    expect(rung).toEqual(["first", "now", "later"]);
  });

  it("a flood does not keep the event loop from its turn", () => {
    const clock = new VirtualClock(0);
    const alarms = new Alarms(clock, unexpected);
    let rung = 0;
    for (let index = 0; index < 2500; index++) alarms.add(1, () => rung++);
    clock.advanceToNext();
    expect(rung).toBe(1000);
    clock.advance(0);
    expect(rung).toBe(2500);
  });

  it("stopped, never ring again", () => {
    const clock = new VirtualClock(0);
    const alarms = new Alarms(clock, unexpected);
    const ring = () => expect.unreachable();
    alarms.add(1, () => alarms.stop());
    alarms.add(2, ring);
    clock.advance(1);
    alarms.add(3, ring);
    clock.advance(100);
    expect(clock.next).toBeUndefined();
  });
});
