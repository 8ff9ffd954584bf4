import type { Race } from "./race.ts";

/** Something that has ended, and has observers to tell. */
export interface Ending {
  tell(): void;
}

/**
 * What the parts of one session share about the flow of control: who waits, whether somebody was woken, and whether an
 * episode is under way.
 */
export class Flow {
  /** Pending durable tasks that somebody awaits through a promise (E4). */
  waiters = 0;
  /**
   * Tasks that nobody has taken up yet. While a generator has some, a helper that is an async function may be about to await
   * one: promises get to move after each of its steps, as they do in async functions (E2).
   */
  loose = 0;
  /** A promise was settled since the last time that the code ran until blocked (E2). */
  woken = false;
  /** Steps of a generator so far: `yield*` on a task needs one between its two calls of the iterator. */
  steps = 0;
  /** Whether the orchestrator is a generator, which is stepped while promises stand still. */
  isStepped = false;
  /** Whether an episode of the session runs. Context calls are allowed only then (E4). */
  running = false;
  /** The last `whenAny` that was answered: the next one may be about what is left of its tasks. */
  idleRace: Race | undefined;

  #isTelling = false;
  /** While observers are told: what has ended by that. */
  #endings: Ending[] | undefined;

  /**
   * Lets what has ended tell its observers. What ends by that waits its turn, so that combinators may be nested to any depth.
   */
  notify(ending: Ending): void {
    if (this.#isTelling) {
      this.#endings ??= [];
      this.#endings.push(ending);
      return;
    }
    this.#isTelling = true;
    let next: Ending | undefined = ending;
    for (; next !== undefined; next = this.#endings?.pop()) next.tell();
    this.#endings = undefined;
    this.#isTelling = false;
  }
}
