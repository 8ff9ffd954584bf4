/** Commits that are faster than this are not worth a wait. */
const slowMs = 1;
const maxWaitMs = 1.5;
/** With more commands in a batch, what is under way beside a commit gains more than a wait does. */
const fewCommands = 200;

/**
 * When to send the next batch after one was acknowledged.
 *
 * What came during a commit is ready to be sent the moment it ends: just before the work that this acknowledgement sets
 * free. Sent at once, few instances on a slow disk fall into two halves that take turns, and each commit carries half.
 * So the batch waits for the other half: as long as commands keep coming or workers are at something, for at most half
 * of what the last commit took (decisions/045).
 */
export class BoundedWait {
  readonly #now: () => number;
  #until = -Infinity;
  #commands = 0;

  /** `now` counts milliseconds, in fractions. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A batch of so many commands is on disk; how long that took. */
  acknowledged(commands: number, tookMs: number): void {
    const isWorthwhile = tookMs >= slowMs && commands <= fewCommands;
    this.#until = isWorthwhile ? this.#now() + Math.min(tookMs / 2, maxWaitMs) : -Infinity;
    this.#commands = 0;
  }

  /** Whether the next batch waits for another round of the event loop. It has so many commands by now. */
  goesOn(commands: number, isBusy: boolean): boolean {
    const hasGrown = commands > this.#commands;
    this.#commands = commands;
    return (hasGrown || isBusy) && this.#now() < this.#until;
  }
}
