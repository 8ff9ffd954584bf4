import { LinkedList, type Place } from "../dispatch/linked-list.ts";
import type { EndedInstance } from "./instance.ts";

/** What a caller waits for. */
export type Milestone = "start" | "end";

interface Waiter {
  readonly milestone: Milestone;
  readonly resolve: (ended: EndedInstance | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

/** A wait that can be given up. */
export interface Wait {
  /** Resolves with the instance if it has ended. */
  readonly reached: Promise<EndedInstance | undefined>;
  /** Lets it fail. */
  readonly reject: (reason: unknown) => void;
  cancel(): void;
}

/** Callers that wait for an instance to start or to end, by instance id. */
export class Waiters {
  readonly #byId = new Map<string, LinkedList<Waiter>>();

  get size(): number {
    return this.#byId.size;
  }

  wait(id: string, milestone: Milestone): Wait {
    const { promise, resolve, reject } = Promise.withResolvers<EndedInstance | undefined>();
    const waiters = this.#byId.get(id) ?? new LinkedList();
    this.#byId.set(id, waiters);
    const place = waiters.push({ milestone, resolve, reject });
    return { reached: promise, reject, cancel: () => this.#remove(id, place) };
  }

  /** Wakes those who wait for this; an instance that has ended has also started. */
  reach(id: string, milestone: Milestone, ended?: EndedInstance): void {
    let place = this.#byId.get(id)?.first;
    while (place) {
      const { item, after } = place;
      if (milestone === "end" || item.milestone === "start") {
        item.resolve(ended);
        this.#remove(id, place);
      }
      place = after;
    }
  }

  rejectAll(error: Error): void {
    for (const waiters of this.#byId.values()) for (const waiter of waiters) waiter.reject(error);
    this.#byId.clear();
  }

  #remove(id: string, place: Place<Waiter>): void {
    const { list } = place;
    place.leave();
    if (list && !list.first && this.#byId.get(id) === list) this.#byId.delete(id);
  }
}
