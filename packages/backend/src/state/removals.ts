/**
 * Which ended instances are being removed. Whoever reads what to remove finds it in the store until the commit that removes it:
 * by its keys, which never come again, it knows what others have removed since.
 */
export class Removals {
  readonly #watching = new Set<Set<number>>();

  /** From now on, the keys of all that is removed. The caller ends it with `unwatch`. */
  watch(): Set<number> {
    const keys = new Set<number>();
    this.#watching.add(keys);
    return keys;
  }

  unwatch(keys: Set<number>): void {
    this.#watching.delete(keys);
  }

  add(key: number): void {
    for (const keys of this.#watching) keys.add(key);
  }
}
