import { Fifo } from "./fifo.ts";
import type { WorkFilter } from "./work-filter.ts";

interface Lane<T, Taker> {
  readonly name: string;
  readonly version: string | undefined;
  readonly refused: Refusal<Taker> | undefined;
  readonly items: Fifo<T>;
}

/** Who does not get an item for now. The key is the same for the same takers. */
export interface Refusal<Taker> {
  readonly key: string;
  readonly takers: ReadonlySet<Taker>;
}

/**
 * Work of one kind that waits for a worker, in lanes by name, version and who is refused: work that nobody takes stands
 * in nobody's way, and lanes take turns.
 */
export class ReadyQueue<T, Taker = never> {
  // In the order in which they are served next.
  readonly #lanes = new Map<string, Lane<T, Taker>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(name: string, version: string | undefined, item: T, refused?: Refusal<Taker>): void {
    // The length keeps apart what a separator inside a name could confuse.
    const of = refused ? `${refused.key}/` : "";
    const key = `${of}${name.length}:${name}${version ?? ""}`;
    let lane = this.#lanes.get(key);
    if (!lane) this.#lanes.set(key, (lane = { name, version, refused, items: new Fifo() }));
    lane.items.push(item);
    this.#size++;
  }

  /** The oldest item of the next lane that the filter accepts and that does not refuse the taker. */
  take(filter: WorkFilter, taker?: Taker): T | undefined {
    for (const [key, lane] of this.#lanes) {
      if (!filter.accepts(lane.name, lane.version)) continue;
      if (taker !== undefined && lane.refused?.takers.has(taker)) continue;
      const item = lane.items.shift();
      this.#size--;
      this.#rotate(key, lane);
      return item;
    }
    return undefined;
  }

  #rotate(key: string, lane: Lane<T, Taker>): void {
    if (lane.items.size > 0 && this.#lanes.size === 1) return;
    this.#lanes.delete(key);
    if (lane.items.size > 0) this.#lanes.set(key, lane);
  }
}
