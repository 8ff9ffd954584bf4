interface Link<T> {
  readonly item: T;
  next: Link<T> | undefined;
}

/** First in, first out, in constant time; an empty one takes next to no memory. */
export class Queue<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;

  push(item: T): void {
    const link: Link<T> = { item, next: undefined };
    if (this.#last === undefined) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
  }

  shift(): T | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    this.#first = first.next;
    if (this.#first === undefined) this.#last = undefined;
    // What the garbage collector takes for old would otherwise hold all that came after it.
    first.next = undefined;
    return first.item;
  }

  /** What is in it, oldest first. */
  *[Symbol.iterator](): Generator<T, void> {
    for (let link = this.#first; link !== undefined; link = link.next) yield link.item;
  }
}
