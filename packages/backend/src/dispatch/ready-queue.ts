import { Fifo } from "./fifo.ts";
import type { WorkFilter } from "./work-filter.ts";

interface Lane<T> {
  readonly name: string;
  readonly version: string | undefined;
  readonly items: Fifo<T>;
}

/**
 * Work of one kind that waits for a worker, in lanes by name and version: work that nobody takes stands in nobody's
 * way, and lanes take turns.
 */
export class ReadyQueue<T> {
  // In the order in which they are served next.
  readonly #lanes = new Map<string, Lane<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(name: string, version: string | undefined, item: T): void {
    // The length keeps apart what a separator inside a name could confuse.
    const key = `${name.length}:${name}${version ?? ""}`;
    let lane = this.#lanes.get(key);
    if (!lane) this.#lanes.set(key, (lane = { name, version, items: new Fifo() }));
    lane.items.push(item);
    this.#size++;
  }

  /** The oldest item of the next lane that the filter accepts. */
  take(filter: WorkFilter): T | undefined {
    for (const [key, lane] of this.#lanes) {
      if (!filter.accepts(lane.name, lane.version)) continue;
      const item = lane.items.shift();
      this.#size--;
      this.#rotate(key, lane);
      return item;
    }
    return undefined;
  }

  #rotate(key: string, lane: Lane<T>): void {
    if (lane.items.size > 0 && this.#lanes.size === 1) return;
    this.#lanes.delete(key);
    if (lane.items.size > 0) this.#lanes.set(key, lane);
  }
}
