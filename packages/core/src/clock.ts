/**
 * Time as an argument: what waits, waits on a clock that is handed in, so that tests can run a month in milliseconds.
 */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. May jump in either direction, as wall clocks do. */
  now(): number;
  /**
   * Calls `callback` once, at least `delayMs` milliseconds from now, unless the returned function is called first.
   * A delay above 2^31-1 ms is the caller's to split.
   */
  schedule(callback: () => void, delayMs: number): () => void;
}

/** The longest delay that a timer of the platform takes: 24 days. */
export const longestTimerMs: number = 2 ** 31 - 1;

/** The platform's clock. What waits on it keeps the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The platform's clock. What waits on it does not keep the process alive. */
export const backgroundClock: Clock = {
  now: () => Date.now(),
  schedule(callback, delayMs) {
    const timer = setTimeout(callback, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
