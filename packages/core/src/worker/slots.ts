import { Queue } from "../engine/queue.ts";
import type { WorkSlice } from "./work-slice.ts";

/** What runs in a slot, and gives it back by `release`. */
export interface SlotTaker {
  start(): void;
}

/**
 * A limit on how much runs at the same time; what is over it waits its turn. Once a slice of time is over, all that has not begun
 * waits until the event loop has come round.
 */
export class Slots {
  readonly #limit: number;
  readonly #slice: WorkSlice;
  readonly #waiting: Queue<SlotTaker> = new Queue();
  #taken = 0;
  #isServing = false;

  constructor(limit: number, slice: WorkSlice) {
    this.#limit = limit;
    this.#slice = slice;
  }

  /** Starts what takes a slot, now or when one is free. */
  run(taker: SlotTaker): void {
    if (this.#mayStart()) this.#start(taker);
    else this.#waiting.push(taker);
  }

  release(): void {
    this.#taken -= 1;
    this.serve();
  }

  /** Starts what waits, as far as may be. */
  serve(): void {
    // One that is over as soon as it has started is followed by the next from here: there may be thousands in a row.
    if (this.#isServing) return;
    this.#isServing = true;
    try {
      this.#startAll();
    } finally {
      this.#isServing = false;
    }
  }

  #startAll(): void {
    while (this.#mayStart()) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#start(next);
    }
  }

  #mayStart(): boolean {
    return this.#taken < this.#limit && !this.#slice.isOver;
  }

  #start(taker: SlotTaker): void {
    this.#taken += 1;
    this.#slice.begin();
    taker.start();
  }
}
