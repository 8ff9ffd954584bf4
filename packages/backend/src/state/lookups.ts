/** A read of one instance that is under way. */
export interface Lookup {
  isStale: boolean;
}

/**
 * Reads of the store whose answer counts only while the instance has not come and gone in memory meanwhile: between
 * the read and its answer an instance of that id may have been started, ended and let go.
 */
export class Lookups {
  readonly #byId = new Map<string, Set<Lookup>>();

  /** Runs `read` until its answer is not overtaken. */
  async run<T>(id: string, read: () => Promise<T>): Promise<T> {
    for (;;) {
      const lookup = this.watch(id);
      try {
        const found = await read();
        if (!lookup.isStale) return found;
      } finally {
        this.unwatch(id, lookup);
      }
    }
  }

  /** Begins a read. The caller ends it with `unwatch`. */
  watch(id: string): Lookup {
    const lookup = { isStale: false };
    const lookups = this.#byId.get(id) ?? new Set();
    this.#byId.set(id, lookups.add(lookup));
    return lookup;
  }

  unwatch(id: string, lookup: Lookup): void {
    const lookups = this.#byId.get(id);
    if (lookups?.delete(lookup) && lookups.size === 0) this.#byId.delete(id);
  }

  /** An instance of this id left memory, or its record was changed. */
  overtake(id: string): void {
    for (const lookup of this.#byId.get(id) ?? []) lookup.isStale = true;
  }
}
