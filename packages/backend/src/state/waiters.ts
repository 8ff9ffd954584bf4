import type { EndedInstance } from "./instance.ts";

/** What a caller waits for. */
export type Milestone = "start" | "end";

interface Waiter {
  readonly milestone: Milestone;
  readonly resolve: (ended: EndedInstance | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** A wait that can be given up. */
export interface Wait {
  /** Resolves with the instance if it has ended. */
  readonly reached: Promise<EndedInstance | undefined>;
  cancel(): void;
}

/** Callers that wait for an instance to start or to end, by instance id. */
export class Waiters {
  readonly #byId = new Map<string, Set<Waiter>>();

  get size(): number {
    return this.#byId.size;
  }

  wait(id: string, milestone: Milestone): Wait {
    const { promise, resolve, reject } = Promise.withResolvers<EndedInstance | undefined>();
    const waiter = { milestone, resolve, reject };
    const waiters = this.#byId.get(id) ?? new Set();
    this.#byId.set(id, waiters.add(waiter));
    return { reached: promise, cancel: () => this.#remove(id, waiters, waiter) };
  }

  /** Wakes those who wait for this; an instance that has ended has also started. */
  reach(id: string, milestone: Milestone, ended?: EndedInstance): void {
    const waiters = this.#byId.get(id);
    if (!waiters) return;
    for (const waiter of waiters) {
      if (milestone === "start" && waiter.milestone === "end") continue;
      waiter.resolve(ended);
      this.#remove(id, waiters, waiter);
    }
  }

  rejectAll(error: Error): void {
    for (const waiters of this.#byId.values()) for (const waiter of waiters) waiter.reject(error);
    this.#byId.clear();
  }

  #remove(id: string, waiters: Set<Waiter>, waiter: Waiter): void {
    waiters.delete(waiter);
    if (waiters.size === 0 && this.#byId.get(id) === waiters) this.#byId.delete(id);
  }
}
