import type { Clock } from "./clock.ts";

/** Resolves after a delay, or at once when the signal is aborted. Never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.schedule(done, delayMs);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** Doubles from `firstMs` up to `longestMs`; attempts count from 0. */
export function doubling(attempt: number, firstMs: number, longestMs: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 30));
}
