/** So long is work handed out in one go. */
const sliceMs = 2;

/**
 * A slice of time in which work is handed out; then the event loop comes round, before the next one.
 *
 * Workers in the same process answer in microtasks, and each answer may set more work free: without a bound, timers,
 * sockets and the thread of the store would wait until nothing is ready any more. While the event loop comes round, the
 * batch goes to the store, which works beside the next slice.
 */
export class Slice {
  readonly #now: () => number;
  readonly #onNext: () => void;
  #endsAt = Infinity;
  #isOver = false;
  #turn: NodeJS.Immediate | undefined;

  /** `now` counts milliseconds, in fractions. `onNext` is called when the next slice may begin after one that was used up. */
  constructor(now: () => number, onNext: () => void) {
    this.#now = now;
    this.#onNext = onNext;
  }

  /** Whether whatever is ready waits for the next slice. What was told so is not forgotten, should the clock be set back. */
  get isOver(): boolean {
    this.#isOver ||= this.#now() >= this.#endsAt;
    return this.#isOver;
  }

  /** Something is handed out: a slice begins with the first since the event loop came round. */
  begin(): void {
    if (this.#turn) return;
    this.#endsAt = this.#now() + sliceMs;
    this.#turn = setImmediate(() => this.#next());
  }

  stop(): void {
    clearImmediate(this.#turn);
  }

  #next(): void {
    const { isOver } = this;
    this.#turn = undefined;
    this.#endsAt = Infinity;
    this.#isOver = false;
    if (isOver) this.#onNext();
  }
}
