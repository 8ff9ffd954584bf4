import { LinkedList, type Place } from "./linked-list.ts";
import type { WorkFilter } from "./work-filter.ts";

/** Who does not get an item for now. The key is the same for the same takers. */
export interface Refusal<Taker> {
  readonly key: string;
  readonly takers: ReadonlySet<Taker>;
}

/** A filter of takers that are there, and how many of them have it. */
interface Audience {
  readonly filter: WorkFilter;
  takers: number;
}

/**
 * Work of one kind that waits for a worker, in lanes by name, version and who is refused: lanes take turns.
 *
 * What nobody takes costs nobody anything: for each filter that a taker has, a rotation holds the lanes that it accepts,
 * and only those. An item that is wanted no more leaves from where it stands.
 */
export class ReadyQueue<T, Taker = never> {
  // By the key of who is refused, in the order in which they are served next.
  readonly #shelves = new Map<string, Shelf<T, Taker>>();
  readonly #audiences = new Map<string, Audience>();

  /** A taker with this filter has come. */
  open(filter: WorkFilter): void {
    const audience = this.#audiences.get(filter.key);
    if (audience) {
      audience.takers++;
      return;
    }
    this.#audiences.set(filter.key, { filter, takers: 1 });
    for (const shelf of this.#shelves.values()) shelf.open(filter);
  }

  /** One has gone. */
  close(filter: WorkFilter): void {
    const audience = this.#audiences.get(filter.key);
    if (!audience || --audience.takers > 0) return;
    this.#audiences.delete(filter.key);
    for (const shelf of this.#shelves.values()) shelf.close(filter);
  }

  push(name: string, version: string | undefined, item: T, refused?: Refusal<Taker>): Place<T> {
    const key = refused?.key ?? "";
    let shelf = this.#shelves.get(key);
    if (!shelf) {
      const filters = Array.from(this.#audiences.values(), ({ filter }) => filter);
      const emptied = () => refused && this.#shelves.delete(key);
      shelf = new Shelf(refused?.takers, filters, emptied);
      this.#shelves.set(key, shelf);
    }
    return shelf.push(name, version, item);
  }

  /** The oldest item of the next lane that the filter accepts and that does not refuse the taker. */
  take(filter: WorkFilter, taker?: Taker): T | undefined {
    for (const [key, shelf] of this.#shelves) {
      if (taker !== undefined && shelf.refused?.has(taker)) continue;
      const item = shelf.take(filter);
      if (item === undefined) continue;
      // To the end of the line, unless it was its last.
      if (this.#shelves.size > 1 && this.#shelves.delete(key)) this.#shelves.set(key, shelf);
      return item;
    }
    return undefined;
  }
}

/** Lanes that refuse the same takers. */
class Shelf<T, Taker> {
  readonly refused: ReadonlySet<Taker> | undefined;
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #filters = new Map<string, WorkFilter>();
  /** By the key of the filter: the lanes that it accepts, in the order in which they are served next. */
  readonly #rotations = new Map<string, LinkedList<Lane<T>>>();
  readonly #emptied: () => void;

  constructor(
    refused: ReadonlySet<Taker> | undefined,
    filters: readonly WorkFilter[],
    emptied: () => void,
  ) {
    this.refused = refused;
    this.#emptied = emptied;
    for (const filter of filters) this.open(filter);
  }

  open(filter: WorkFilter): void {
    this.#filters.set(filter.key, filter);
    this.#rotations.set(filter.key, new LinkedList());
    for (const lane of this.#lanes.values()) this.#rotate(lane, filter);
  }

  close({ key }: WorkFilter): void {
    for (const lane of this.#rotations.get(key) ?? []) lane.places.delete(key);
    this.#rotations.delete(key);
    this.#filters.delete(key);
  }

  push(name: string, version: string | undefined, item: T): Place<T> {
    // The length keeps apart what a separator inside a name could confuse.
    const key = `${name.length}:${name}${version ?? ""}`;
    let lane = this.#lanes.get(key);
    if (!lane) {
      lane = new Lane(name, version, () => this.#drop(key));
      this.#lanes.set(key, lane);
      for (const filter of this.#filters.values()) this.#rotate(lane, filter);
    }
    return lane.push(item);
  }

  take({ key }: WorkFilter): T | undefined {
    const rotation = this.#rotations.get(key);
    const next = rotation?.first;
    if (!rotation || !next) return undefined;
    rotation.moveToEnd(next);
    return next.item.shift();
  }

  #rotate(lane: Lane<T>, filter: WorkFilter): void {
    if (!filter.accepts(lane.name, lane.version)) return;
    const place = this.#rotations.get(filter.key)?.push(lane);
    if (place) lane.places.set(filter.key, place);
  }

  #drop(key: string): void {
    for (const place of this.#lanes.get(key)?.places.values() ?? []) place.leave();
    this.#lanes.delete(key);
    if (this.#lanes.size === 0) this.#emptied();
  }
}

/** Items of one name and version. It is there as long as it holds any. */
class Lane<T> extends LinkedList<T> {
  readonly name: string;
  readonly version: string | undefined;
  /** Where it stands in the rotations of filters that accept it. */
  readonly places = new Map<string, Place<Lane<T>>>();
  readonly #emptied: () => void;

  constructor(name: string, version: string | undefined, emptied: () => void) {
    super();
    this.name = name;
    this.version = version;
    this.#emptied = emptied;
  }

  override remove(place: Place<T>): void {
    super.remove(place);
    if (!this.first) this.#emptied();
  }
}
