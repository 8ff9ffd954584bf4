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
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken -= 1;
    else next.start();
  }
}
