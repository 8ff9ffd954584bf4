import { Queue } from "../engine/queue.ts";

/** What runs in a slot, and gives it back by `release`. */
export interface SlotTaker {
  start(): void;
}

/** A limit on how much runs at the same time; what is over it waits its turn. */
export class Slots {
  readonly #limit: number;
  readonly #waiting: Queue<SlotTaker> = new Queue();
  #taken = 0;
  #isServing = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Starts what takes a slot, now or when one is free. */
  run(taker: SlotTaker): void {
    if (this.#taken >= this.#limit) {
      this.#waiting.push(taker);
      return;
    }
    this.#taken += 1;
    taker.start();
  }

  release(): void {
    this.#taken -= 1;
    // One that is over as soon as it has started is followed by the next from here: there may be thousands in a row.
    if (this.#isServing) return;
    this.#isServing = true;
    try {
      this.#serve();
    } finally {
      this.#isServing = false;
    }
  }

  #serve(): void {
    while (this.#taken < this.#limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#taken += 1;
      next.start();
    }
  }
}
