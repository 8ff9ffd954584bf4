import type { TaskHubError } from "@durabletask/core";
import type { CallEnd } from "./call-end.ts";

/** What a served stream needs to know. */
export interface ServedStreamParts<T> {
  /** Begins the stream of the transport. Called once, at the first `next()`. */
  readonly open: () => Promise<AsyncIterator<T>>;
  readonly end: CallEnd;
  /** Sees each message before it is handed on. */
  readonly onMessage?: ((message: T) => void) | undefined;
  /** What the caller is told of an error of the transport. Called at most once. */
  readonly failureOf: (error: unknown) => unknown;
  /** Called once, when nothing more will be handed on. */
  readonly onEnd?: (() => void) | undefined;
}

type Step<T> = IteratorResult<T, undefined>;

const done = { done: true, value: undefined } as const;

/**
 * A stream of a transport on its way to the network. Owns the transport's iterator.
 *
 * - The transport is asked for a message only when the network has asked for one: a slow reader costs one message.
 * - When the caller closes the stream, the transport's iterator is returned, and a waiting `next()` ends at once; when the
 *   connection is lost, the transport learns it from the signal that it was given.
 * - A ping answers a waiting `next()` in the transport's stead; the message that the transport was asked for answers the next one.
 */
export class ServedStream<T> implements AsyncIterableIterator<T, undefined> {
  readonly #parts: ServedStreamParts<T>;
  #source: AsyncIterator<T> | undefined;
  #isPulling = false;
  #waiting: PromiseWithResolvers<Step<T>> | undefined;
  /** What the transport gave while nobody waited: the message after a ping, or the end. */
  #ready: { readonly step: Step<T> } | { readonly error: unknown } | undefined;
  #hasEnded = false;
  #held: Promise<void> | undefined;

  constructor(parts: ServedStreamParts<T>) {
    this.#parts = parts;
    parts.end.whenEnded((by) => {
      if (by === "caller") void this.return();
      // The transport has its signal. Nobody is there any more to hold the stream for.
      else this.#leave();
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step<T>> {
    const ready = this.#ready;
    if (ready) {
      this.#ready = undefined;
      return "step" in ready ? Promise.resolve(ready.step) : Promise.reject(ready.error);
    }
    if (this.#hasEnded) return Promise.resolve(done);
    this.#waiting = Promise.withResolvers();
    const { promise } = this.#waiting;
    if (!this.#isPulling) this.#pull();
    return promise;
  }

  /** The caller wants no more. */
  return(): Promise<Step<T>> {
    const wasOpen = !this.#hasEnded;
    this.#leave();
    // The caller is gone: there is nobody to tell what goes wrong now.
    if (wasOpen) this.#source?.return?.().catch(() => undefined);
    return Promise.resolve(done);
  }

  /** Ends the stream with an error, as if its caller had closed it. */
  expire(error: unknown): void {
    if (this.#hasEnded) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    void this.return();
    if (waiting) waiting.reject(error);
    else this.#ready = { error };
  }

  /** Answers who waits with a message that is not of the transport. False if nobody waits. */
  ping(message: T): boolean {
    if (!this.#waiting) return false;
    this.#waiting.resolve({ done: false, value: message });
    this.#waiting = undefined;
    return true;
  }

  /** Tells the transport that the connection is lost, but ends the stream only when `until` resolves. */
  drain(until: Promise<void>, reason: TaskHubError): void {
    this.#held = until;
    this.#parts.end.abort(reason);
  }

  #pull(): void {
    this.#isPulling = true;
    this.#nextOfSource().then(
      (step) => this.#arrived(step),
      (error: unknown) => void this.#failed(error),
    );
  }

  /** No async function once it is open: a busy stream of work comes by here for each item. */
  #nextOfSource(): Promise<IteratorResult<T>> {
    try {
      return this.#source ? this.#source.next() : this.#openSource();
    } catch (error) {
      // An iterator that is written by hand.
      return Promise.reject(error);
    }
  }

  async #openSource(): Promise<IteratorResult<T>> {
    const source = await this.#parts.open();
    this.#source = source;
    if (!this.#hasEnded) return await source.next();
    // Closed while it was opened.
    source.return?.().catch(() => undefined);
    return done;
  }

  #arrived(step: IteratorResult<T>): void {
    this.#isPulling = false;
    if (this.#hasEnded) return;
    if (step.done) this.#finish();
    else this.#parts.onMessage?.(step.value);
    this.#answer(step.done ? done : { done: false, value: step.value });
  }

  async #failed(error: unknown): Promise<void> {
    this.#isPulling = false;
    await this.#held;
    if (this.#hasEnded) return;
    this.#finish();
    const failure = this.#parts.failureOf(error);
    if (this.#waiting) this.#waiting.reject(failure);
    else this.#ready = { error: failure };
    this.#waiting = undefined;
  }

  #answer(step: Step<T>): void {
    if (this.#waiting) this.#waiting.resolve(step);
    else this.#ready = { step };
    this.#waiting = undefined;
  }

  #leave(): void {
    this.#finish();
    this.#ready = undefined;
    this.#waiting?.resolve(done);
    this.#waiting = undefined;
  }

  #finish(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#parts.onEnd?.();
  }
}
