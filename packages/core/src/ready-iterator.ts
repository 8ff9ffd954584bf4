/**
 * The iterator of a stream that can say at once what is there, in place of a promise for each item: where both sides are in one
 * process. A stream need not have it. Whoever wraps one need not hand it on, and must not where it changes items or watches them: no
 * `{ ...iterator, next }`.
 */
export interface ReadyIterator<T> extends AsyncIterator<T, undefined> {
  /** The item that `next()` would resolve with at once; `undefined` where it would not. Not while a `next()` is under way. */
  ready(): T | undefined;
}

/** Whether an iterator can say what is there. */
export function isReadyIterator<T>(
  iterator: AsyncIterator<T>,
): iterator is AsyncIterator<T> & ReadyIterator<T> {
  return "ready" in iterator && typeof iterator.ready === "function";
}
