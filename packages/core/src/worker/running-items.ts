import type { WorkItem } from "@durabletask/protobuf";
import type { Slots } from "./slots.ts";
import type { RunningItem, WorkItemHandler } from "./work-item-handler.ts";

/** Who handles a kind of work, and how much of it runs at the same time. */
export interface Lane {
  readonly handler: WorkItemHandler;
  readonly slots: Slots;
}

/** Where items go. */
interface ItemsHost {
  /** The slot is taken: the item begins, or goes back if the worker stops. */
  begin(running: Running): void;
  /** An item is not under way any more. */
  ended(running: Running): void;
  /** Its handler broke off. */
  failed(running: Running, error: unknown): void;
}

/** What a worker is at, in no particular order: an array, since a map of a thousand items that come and go is mostly copied. */
export class RunningItems {
  readonly #host: ItemsHost;
  readonly #items: Running[] = [];

  constructor(host: ItemsHost) {
    this.#host = host;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  get items(): readonly Running[] {
    return this.#items;
  }

  /** Adds an item, and begins with it once a slot is free. */
  add(item: WorkItem, lane: Lane): void {
    const running = new Running(item, lane, this.#items.length, this, this.#host);
    this.#items.push(running);
    lane.slots.run(running);
  }

  /** Takes an item out, at a cost that does not depend on how many there are. */
  remove(running: Running): void {
    const last = this.#items.pop();
    if (last === undefined || last === running) return;
    last.place = running.place;
    this.#items[running.place] = last;
  }

  /** Takes all out. */
  clear(): Running[] {
    const items = this.#items.splice(0);
    for (const running of items) running.place = -1;
    return items;
  }
}

/** An item that a worker is at. There are thousands a second: it is one object, without functions of its own. */
export class Running implements RunningItem {
  readonly item: WorkItem;
  readonly lane: Lane;
  readonly #items: RunningItems;
  readonly #host: ItemsHost;
  /** Where it stands among the others; -1 once it does not any more. */
  place: number;
  #hasSlot = true;

  constructor(item: WorkItem, lane: Lane, place: number, items: RunningItems, host: ItemsHost) {
    this.item = item;
    this.lane = lane;
    this.place = place;
    this.#items = items;
    this.#host = host;
  }

  start(): void {
    this.#host.begin(this);
  }

  /** The slot is free when the code has ended: a slow delivery must not keep other code from running. */
  codeEnded(): void {
    if (this.#hasSlot) this.lane.slots.release();
    this.#hasSlot = false;
  }

  ended(): void {
    this.codeEnded();
    if (this.place < 0) return;
    this.#items.remove(this);
    this.place = -1;
    this.#host.ended(this);
  }

  failed(error: unknown): void {
    this.#host.failed(this, error);
    this.ended();
  }
}
