import { doubling } from "../backoff.ts";

/** A turn that comes so long after it was handed back is no loop. */
const quietMs = 60_000;

/** Turns that are handed back again and again are few; one that is forgotten goes back at once. */
const limit = 1000;

interface HandBack {
  readonly count: number;
  /** When the turn went back the last time. */
  readonly atMs: number;
}

/**
 * When turns that this worker cannot run go back to their hub: at once the first time, then no sooner than 200 ms after the time
 * before, doubling to 15 s. Our own hub takes longer by itself; others hand the same turn out again at once.
 */
export class HandBacks {
  readonly #last = new Map<string, HandBack>();

  /** How long a turn is to be kept before it goes back. */
  delayMs(instanceId: string, nowMs: number): number {
    const last = this.#last.get(instanceId);
    const isAgain = last !== undefined && nowMs - last.atMs < quietMs;
    const count = isAgain ? last.count + 1 : 0;
    const atMs = isAgain ? Math.max(nowMs, last.atMs + doubling(count - 1, 200, 15_000)) : nowMs;
    this.#last.delete(instanceId);
    this.#last.set(instanceId, { count, atMs });
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= limit) break;
      this.#last.delete(oldest);
    }
    return atMs - nowMs;
  }

  /** A turn of the instance could be run. */
  forget(instanceId: string): void {
    if (this.#last.size > 0) this.#last.delete(instanceId);
  }
}
