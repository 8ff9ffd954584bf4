/**
 * A stream that is opened when somebody reads it, after something that takes time. `return()` acts at once, even while a
 * `next()` is waiting: a generator would take it up only after that.
 */
export class DeferredStream<T> implements AsyncIterator<T, undefined> {
  readonly #open: () => Promise<AsyncIterable<T>>;
  readonly #onError: (error: unknown) => void;
  #opened: Promise<AsyncIterator<T> | undefined> | undefined;
  #isDone = false;

  constructor(open: () => Promise<AsyncIterable<T>>, onError: (error: unknown) => void) {
    this.#open = open;
    this.#onError = onError;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#isDone) return { done: true, value: undefined };
    this.#opened ??= this.#begin();
    try {
      const next = await (await this.#opened)?.next();
      if (next !== undefined && next.done !== true) return next;
    } catch (error) {
      this.#isDone = true;
      this.#onError(error);
      throw error;
    }
    this.#isDone = true;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#isDone = true;
    await (await this.#opened?.catch(() => undefined))?.return?.();
    return { done: true, value: undefined };
  }

  async #begin(): Promise<AsyncIterator<T> | undefined> {
    const messages = await this.#open();
    return this.#isDone ? undefined : messages[Symbol.asyncIterator]();
  }
}
