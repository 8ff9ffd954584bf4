/** Where an item stands in a list. */
export class Place<T> {
  readonly item: T;
  /** The list's; the list that it stands in, and its neighbours there. */
  list: LinkedList<T> | undefined;
  before: Place<T> | undefined;
  after: Place<T> | undefined;

  constructor(item: T) {
    this.item = item;
  }

  /** Takes the item out of its list, if it still stands there. */
  leave(): void {
    this.list?.remove(this);
  }
}

/** A queue that an item can leave from anywhere; everything costs the same however long it is. */
export class LinkedList<T> {
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;

  get first(): Place<T> | undefined {
    return this.#first;
  }

  push(item: T): Place<T> {
    const place = new Place(item);
    this.#append(place);
    return place;
  }

  /** Takes the first item out. */
  shift(): T | undefined {
    const place = this.#first;
    if (place) this.remove(place);
    return place?.item;
  }

  /** The place is one of this list. */
  remove(place: Place<T>): void {
    const { before, after } = place;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
    place.before = place.after = place.list = undefined;
  }

  /** The place is one of this list. */
  moveToEnd(place: Place<T>): void {
    if (place === this.#last) return;
    this.remove(place);
    this.#append(place);
  }

  *[Symbol.iterator](): Generator<T, undefined> {
    for (let place = this.#first; place; place = place.after) yield place.item;
  }

  #append(place: Place<T>): void {
    place.list = this;
    place.before = this.#last;
    if (this.#last) this.#last.after = place;
    else this.#first = place;
    this.#last = place;
  }
}
