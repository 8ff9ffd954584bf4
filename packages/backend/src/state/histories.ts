import type { HistoryEvent } from "@durabletask/protobuf";
import type { Instance } from "./instance.ts";

/**
 * Which instances have their history in memory: the most recently used, up to a number of events in total. A history
 * that is not here is read from the store when a worker needs all of it.
 */
export class Histories {
  readonly #maxEvents: number;
  readonly #recent = new Set<Instance>();
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
    this.#recent.add(instance);
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
  append(instance: Instance, ...parts: readonly (readonly HistoryEvent[])[]): void {
    const { history } = instance;
    if (!history) return;
    for (const part of parts) {
      for (const event of part) history.push(event);
      this.#events += part.length;
    }
    this.#recent.delete(instance);
    this.#recent.add(instance);
    this.#evict(instance);
  }

  drop(instance: Instance): void {
    if (!instance.history) return;
    this.#events -= instance.history.length;
    this.#recent.delete(instance);
    instance.history = undefined;
  }

  #evict(newest: Instance): void {
    if (this.#events <= this.#maxEvents) return;
    for (const oldest of this.#recent) {
      // The newest stays whatever its size, or a history larger than the limit could never be handed out.
      if (oldest === newest || this.#events <= this.#maxEvents) return;
      this.drop(oldest);
    }
  }
}
