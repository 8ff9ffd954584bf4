/** So long is work begun in one go. */
const sliceMs = 10;

/** To look at the clock takes a good part of what the shortest items take. */
const itemsPerLook = 4;

/**
 * A slice of time in which a worker begins work; then the event loop comes round, before the next one.
 *
 * Our own hub hands out little at a time by itself. Others send all that is ready, whatever the worker has said that it takes: without a
 * bound, timers and sockets would wait until all of it has run.
 */
export class WorkSlice {
  readonly #now: () => number;
  readonly #onNext: () => void;
  #items = 0;
  #endsAt = 0;
  #turn: NodeJS.Immediate | undefined;
  #isOver = false;

  /** `now` counts milliseconds. `onNext` is called when the next slice may begin after one that was used up. */
  constructor(now: () => number, onNext: () => void) {
    this.#now = now;
    this.#onNext = onNext;
  }

  /** Whether whatever is ready waits for the next slice. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** An item begins. */
  begin(): void {
    this.#items += 1;
    if (this.#items < itemsPerLook) return;
    this.#items = 0;
    if (this.#turn !== undefined) {
      this.#isOver = this.#now() >= this.#endsAt;
      return;
    }
    this.#endsAt = this.#now() + sliceMs;
    this.#turn = setImmediate(() => this.#next());
  }

  stop(): void {
    clearImmediate(this.#turn);
  }

  #next(): void {
    const wasOver = this.#isOver;
    this.#turn = undefined;
    this.#isOver = false;
    if (wasOver) this.#onNext();
  }
}
