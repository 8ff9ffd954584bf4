import { expect, it } from "vitest";
import { VirtualClock } from "./virtual-clock.ts";

it("a virtual clock calls back each at its instant, also what is scheduled on the way", () => {
  const clock = new VirtualClock(1000);
  const seen: string[] = [];
  clock.schedule(() => {
    seen.push(`a ${clock.now()}`);
    clock.schedule(() => seen.push(`c ${clock.now()}`), 5);
  }, 10);
  const cancel = clock.schedule(() => seen.push("never"), 12);
  clock.schedule(() => seen.push(`d ${clock.now()}`), 20);
  cancel();
  expect(clock.next).toBe(1010);
  clock.advance(30);
  expect(seen).toEqual(["a 1010", "c 1015", "d 1020"]);
  expect(clock.now()).toBe(1030);
  expect(clock.advanceToNext()).toBe(false);
});
