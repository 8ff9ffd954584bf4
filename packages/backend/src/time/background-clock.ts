import type { Clock } from "@durabletask/core";

/** The platform's clock; what waits on it does not keep the process alive, since the store remembers what is due. */
export const backgroundClock: Clock = {
  now: () => Date.now(),
  schedule(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
