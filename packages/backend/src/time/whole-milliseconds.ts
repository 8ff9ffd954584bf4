import type { Clock } from "@durabletask/core";

/** A clock that shows whole milliseconds, which is what is stored, over one that may show fractions. */
export function wholeMilliseconds(clock: Clock): Clock {
  return {
    now: () => Math.floor(clock.now()),
    schedule: (callback, delayMs) => clock.schedule(callback, delayMs),
  };
}
