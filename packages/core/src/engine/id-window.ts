/**
 * Things by their ids, which are given in order: an array that begins at the oldest of them. With many it is faster and smaller
 * than a map. While an old one is left, each id after it takes one place, which is little beside the events that it stands for.
 */
export class IdWindow<T> {
  readonly #items: (T | undefined)[] = [];
  #firstId = 0;
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get(id: number): T | undefined {
    return this.#items[id - this.#firstId];
  }

  /** Adds an item. Its id is greater than all before it. */
  add(id: number, item: T): void {
    if (this.#count === 0) this.#firstId = id;
    while (this.#items.length < id - this.#firstId) this.#items.push(undefined);
    this.#items.push(item);
    this.#count += 1;
  }

  /** Takes an item out, and gives it. */
  take(id: number): T | undefined {
    const place = id - this.#firstId;
    const item = this.#items[place];
    if (item === undefined) return undefined;
    this.#items[place] = undefined;
    this.#count -= 1;
    if (this.#count === 0) this.#empty();
    return item;
  }

  /** Takes all items out, in the order of their ids, and gives what is made of each. */
  takeAll<Made>(make: (id: number, item: T) => Made): Made[] {
    const all: Made[] = [];
    let id = this.#firstId;
    for (const item of this.#items) {
      if (item !== undefined) all.push(make(id, item));
      id += 1;
    }
    this.#count = 0;
    this.#empty();
    return all;
  }

  /** Popping keeps some of the array's memory, which the next item needs again. */
  #empty(): void {
    while (this.#items.length > 0) this.#items.pop();
  }
}
