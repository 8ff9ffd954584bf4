/**
 * A map that mostly holds nothing or one thing, and then needs no table: an empty `Map` takes 200 bytes, which counts where
 * each of a hundred thousand instances has three. In the order of insertion, like a `Map`. Values are not undefined.
 */
export class SmallMap<K, V> {
  // Either the one entry, or all of them in the table.
  #key: K | undefined;
  #value: V | undefined;
  #table: Map<K, V> | undefined;

  get size(): number {
    if (this.#table) return this.#table.size;
    return this.#value === undefined ? 0 : 1;
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  get(key: K): V | undefined {
    if (this.#table) return this.#table.get(key);
    return this.#key === key ? this.#value : undefined;
  }

  set(key: K, value: V): void {
    if (this.#table) {
      this.#table.set(key, value);
    } else if (this.#value === undefined || this.#key === key) {
      this.#key = key;
      this.#value = value;
    } else {
      this.#table = new Map<K, V>([...this, [key, value]]);
      this.#key = undefined;
      this.#value = undefined;
    }
  }

  delete(key: K): void {
    if (this.#table) {
      this.#table.delete(key);
      if (this.#table.size === 0) this.#table = undefined;
    } else if (this.#key === key) {
      this.clear();
    }
  }

  clear(): void {
    this.#key = undefined;
    this.#value = undefined;
    this.#table = undefined;
  }

  *values(): Generator<V, undefined> {
    for (const [, value] of this) yield value;
    return undefined;
  }

  *[Symbol.iterator](): Generator<[K, V], undefined> {
    if (this.#table) yield* this.#table;
    else if (this.#key !== undefined && this.#value !== undefined) yield [this.#key, this.#value];
    return undefined;
  }
}
