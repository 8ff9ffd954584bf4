import type { HistoryEvent } from "@durabletask/protobuf";
import { LinkedList } from "../dispatch/linked-list.ts";
import type { Instance } from "./instance.ts";

/**
 * Which instances have their history in memory: the most recently used, up to a number of events in total. A history
 * that is not here is read from the store when a worker needs all of it.
 */
export class Histories {
  readonly #maxEvents: number;
  // Not a set: it would be copied over and over, see `LeaseTable`.
  readonly #recent = new LinkedList<Instance>();
  #events = 0;

  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents;
  }

  /** Events held. */
  get size(): number {
    return this.#events;
  }

  /** Takes the whole history of an instance, which the caller then leaves alone. */
  put(instance: Instance, history: HistoryEvent[]): void {
    this.drop(instance);
    instance.history = history;
    instance.recency = this.#recent.push(instance);
    this.#events += history.length;
    this.#evict(instance);
  }

  /**
   * Takes a history that was read for a turn. It stays until that turn has joined it: evicted before, it would be read again
   * and again, where many instances wait for theirs.
   */
  hold(instance: Instance, history: HistoryEvent[]): void {
    this.drop(instance);
    instance.history = history;
    this.#events += history.length;
  }

  /** What a turn recorded joins the history, if that is here. */
  append(
    instance: Instance,
    newEvents: readonly HistoryEvent[],
    recorded: readonly HistoryEvent[],
  ): void {
    const { history } = instance;
    if (!history) return;
    for (const event of newEvents) history.push(event);
    for (const event of recorded) history.push(event);
    this.#events += newEvents.length + recorded.length;
    if (instance.recency) this.#recent.moveToEnd(instance.recency);
    else instance.recency = this.#recent.push(instance);
    this.#evict(instance);
  }

  drop(instance: Instance): void {
    if (!instance.history) return;
    this.#events -= instance.history.length;
    instance.recency?.leave();
    instance.recency = undefined;
    instance.history = undefined;
    instance.historySize = undefined;
  }

  #evict(newest: Instance): void {
    if (this.#events <= this.#maxEvents) return;
    for (let oldest = this.#recent.first; oldest; oldest = this.#recent.first) {
      // The newest stays whatever its size, or a history larger than the limit could never be handed out.
      if (oldest.item === newest || this.#events <= this.#maxEvents) return;
      this.drop(oldest.item);
    }
  }
}
