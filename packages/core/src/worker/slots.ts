import { Queue } from "../engine/queue.ts";

/** A limit on how much runs at the same time; what is over it waits its turn. */
export class Slots {
  readonly #limit: number;
  readonly #waiting: Queue<() => void> = new Queue();
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Calls `work` with a slot taken, now or when one is free. Whoever is called gives it back by `release`. */
  run(work: () => void): void {
    if (this.#taken >= this.#limit) {
      this.#waiting.push(work);
      return;
    }
    this.#taken += 1;
    work();
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken -= 1;
    else next();
  }
}
