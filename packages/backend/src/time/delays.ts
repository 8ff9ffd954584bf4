import type { Clock } from "@durabletask/core";
import { longestTimerMs } from "@durabletask/core/spi";

/**
 * What the hub does after a while: a back-off, a grace period. As long as that takes, however the clock is set meanwhile: a
 * clock that is set back shows an instant for a second time, but it does not wait for longer. What is to be done at an instant
 * is an alarm.
 */
export class Delays {
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #cancels = new Set<() => void>();
  #isStopped = false;

  /** `onError` is told what breaks off as it is done. */
  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /** How many are to come. */
  get size(): number {
    return this.#cancels.size;
  }

  /** Does it after so many milliseconds, unless the returned function is called first. */
  after(delayMs: number, act: () => void): () => void {
    let disarm = () => {};
    const cancel = () => {
      this.#cancels.delete(cancel);
      disarm();
    };
    const arm = (leftMs: number) => {
      const ms = Math.min(leftMs, longestTimerMs);
      disarm = this.#clock.schedule(() => {
        if (leftMs > ms) return arm(leftMs - ms);
        this.#cancels.delete(cancel);
        this.#act(act);
      }, ms);
    };
    if (this.#isStopped) return cancel;
    arm(delayMs);
    this.#cancels.add(cancel);
    return cancel;
  }

  /** Nothing is done after it. */
  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#cancels) cancel();
  }

  #act(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#onError(error);
    }
  }
}
