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
  /** Whether an episode of the session runs. Context calls are allowed only then (E4). */
  running = false;

  readonly #notices: (() => void)[] = [];
  #isNotifying = false;

  /**
   * Tells observers, one after the other: those that are told of by telling others wait their turn, so that combinators may
   * be nested to any depth.
   */
  notify(notice: () => void): void {
    this.#notices.push(notice);
    if (this.#isNotifying) return;
    this.#isNotifying = true;
    for (let next = this.#notices.pop(); next !== undefined; next = this.#notices.pop()) next();
    this.#isNotifying = false;
  }
}
