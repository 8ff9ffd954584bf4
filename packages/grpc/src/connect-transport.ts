import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type CallOptions, TaskHubError, type Transport } from "@durabletask/core";
import { connectionFailure, lostCall, resetFailure } from "./call-failure.ts";
import { wholeTimeout } from "./call-limits.ts";
import { fromConnectError } from "./connect-error.ts";
import type { ConnectTransport } from "./connect-types.ts";

/** Where a transport of Connect's leads, and what of it is ours. */
export interface ConnectRoute {
  /** What errors name. */
  readonly place: string;
  /** Why calls fail since it was closed. */
  readonly closedBecause: () => TaskHubError | undefined;
  readonly close: () => void;
}

/** A transport over one of Connect's. */
export class TransportOverConnect implements Transport {
  readonly #connect: ConnectTransport;
  readonly #route: ConnectRoute;

  constructor(connect: ConnectTransport, route: ConnectRoute) {
    this.#connect = connect;
    this.#route = route;
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    { signal, timeoutMs, headers }: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const limitMs = wholeTimeout(timeoutMs);
    const cancel = signal && new Cancellation(signal);
    try {
      const own = { ...headers };
      return (await this.#connect.unary(method, cancel?.signal, limitMs, own, request)).message;
    } catch (error) {
      throw this.#failure(error, signal);
    } finally {
      cancel?.release();
    }
  }

  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    { signal, timeoutMs, headers }: CallOptions = {},
  ): AsyncIterable<MessageShape<O>> {
    const open = async (abort: AbortSignal): Promise<AsyncIterator<MessageShape<O>>> => {
      const limitMs = wholeTimeout(timeoutMs);
      const own = { ...headers };
      const response = await this.#connect.stream(method, abort, limitMs, own, only(request));
      return response.message[Symbol.asyncIterator]();
    };
    const failure = (error: unknown): unknown => this.#failure(error, signal);
    return { [Symbol.asyncIterator]: () => new ConnectStream(open, signal, failure) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#route.close();
  }

  #failure(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted === true) return signal.reason;
    return this.#route.closedBecause() ?? callError(error, this.#route.place);
  }
}

/**
 * Cancels a call of Connect's, by a signal or by itself. Connect resets the stream with CANCEL only if the reason is an error of its own;
 * for all others it tells the server of an internal error.
 */
class Cancellation {
  readonly #controller = new AbortController();
  readonly #given: AbortSignal | undefined;
  readonly #cancel = (): void => {
    this.#controller.abort(new ConnectError("the call was cancelled", Code.Canceled));
  };

  constructor(given?: AbortSignal) {
    this.#given = given;
    if (given?.aborted === true) this.#cancel();
    else given?.addEventListener("abort", this.#cancel, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  cancel(): void {
    this.#cancel();
  }

  /** To be called when the call has ended. */
  release(): void {
    this.#given?.removeEventListener("abort", this.#cancel);
  }
}

/**
 * The answers to one call. `return()` cancels the call at once, even while a `next()` is waiting: a generator would take it up
 * only after that.
 */
class ConnectStream<T> implements AsyncIterator<T, undefined> {
  readonly #open: (signal: AbortSignal) => Promise<AsyncIterator<T>>;
  readonly #failure: (error: unknown) => unknown;
  readonly #cancellation: Cancellation;
  #answers: Promise<AsyncIterator<T>> | undefined;
  #isDone = false;

  constructor(
    open: (signal: AbortSignal) => Promise<AsyncIterator<T>>,
    signal: AbortSignal | undefined,
    failure: (error: unknown) => unknown,
  ) {
    this.#open = open;
    this.#failure = failure;
    this.#cancellation = new Cancellation(signal);
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#isDone) return { done: true, value: undefined };
    try {
      this.#answers ??= this.#open(this.#cancellation.signal);
      const next = await (await this.#answers).next();
      if (next.done !== true) return next;
    } catch (error) {
      if (this.#end()) throw this.#failure(error);
    }
    this.#end();
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    if (this.#end()) this.#cancellation.cancel();
    return { done: true, value: undefined };
  }

  /** Whether it had not ended before. */
  #end(): boolean {
    if (this.#isDone) return false;
    this.#isDone = true;
    this.#cancellation.release();
    return true;
  }
}

function callError(error: unknown, place: string): unknown {
  if (error instanceof TaskHubError) return error;
  const connectError = ConnectError.from(error);
  // What the server itself said counts, whatever happened to the connection since.
  if (connectError.isWireError) return fromConnectError(connectError);
  const failed = connectionFailure(connectError, place) ?? resetFailure(connectError, place);
  if (failed !== undefined) return failed;
  // Connect's name for a call that was reset with CANCEL, as happens when a connection ends.
  if (connectError.code === Code.Canceled) return lostCall(place, { cause: connectError });
  return fromConnectError(connectError);
}

async function* only<T>(message: T): AsyncGenerator<T> {
  yield message;
}
