import { longestTimerMs } from "./clock.ts";

/**
 * Keeps the process alive while it is held. Timers of an embedded hub do not, since what is due is on disk; but who waits for
 * something in this process wants it to go on.
 */
export class ProcessHold {
  #timer: NodeJS.Timeout | undefined;
  #holders = 0;

  /** Holds until the returned function is called, once. Holds add up. */
  take(): () => void {
    this.#holders += 1;
    this.#timer ??= setInterval(() => {}, longestTimerMs);
    return () => this.#release();
  }

  #release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
