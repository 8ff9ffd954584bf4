/** Reads of one instance that are under way, and begun while nothing had overtaken the first of them. */
export interface Lookup {
  isStale: boolean;
  readers: number;
}

/**
 * Reads of the store whose answer counts only while the instance has not come and gone in memory meanwhile: between
 * the read and its answer an instance of that id may have been started, ended and let go.
 */
export class Lookups {
  readonly #byId = new Map<string, Lookup>();

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
    const lookup = this.#byId.get(id) ?? { isStale: false, readers: 0 };
    this.#byId.set(id, lookup);
    lookup.readers++;
    return lookup;
  }

  unwatch(id: string, lookup: Lookup): void {
    if (--lookup.readers === 0 && this.#byId.get(id) === lookup) this.#byId.delete(id);
  }

  /** An instance of this id left memory, or its record was changed. */
  overtake(id: string): void {
    const lookup = this.#byId.get(id);
    if (!lookup) return;
    lookup.isStale = true;
    // Who begins from here on is not overtaken.
    this.#byId.delete(id);
  }
}
