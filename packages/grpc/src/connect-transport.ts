import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport as ConnectTransport } from "@connectrpc/connect";
import { type CallOptions, TaskHubError, type Transport } from "@durabletask/core";
import { connectionFailure, lostCall } from "./call-failure.ts";
import { fromConnectError } from "./connect-error.ts";

/** The longest time that gRPC's header holds in milliseconds: more than a day. */
const longestTimeoutMs = 99_999_999;

/**
 * A transport over one of Connect's. `place` is what its errors name; `closedBecause` tells of calls that failed since the
 * transport was closed.
 */
export function overConnect(
  connect: ConnectTransport,
  place: string,
  closedBecause: () => TaskHubError | undefined,
  close: () => void,
): Transport {
  const failure = (error: unknown, signal: AbortSignal | undefined): unknown =>
    signal?.aborted === true ? signal.reason : (closedBecause() ?? callError(error, place));
  return {
    async unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      request: MessageShape<I>,
      { signal, timeoutMs, headers }: CallOptions = {},
    ): Promise<MessageShape<O>> {
      const limitMs = timeLimit(timeoutMs);
      try {
        return (await connect.unary(method, signal, limitMs, headers, request)).message;
      } catch (error) {
        throw failure(error, signal);
      }
    },
    stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodServerStreaming<I, O>,
      request: MessageShape<I>,
      { signal, timeoutMs, headers }: CallOptions = {},
    ): AsyncIterable<MessageShape<O>> {
      const open = async (abort: AbortSignal): Promise<AsyncIterator<MessageShape<O>>> => {
        const limitMs = timeLimit(timeoutMs);
        const response = await connect.stream(method, abort, limitMs, headers, only(request));
        return response.message[Symbol.asyncIterator]();
      };
      return {
        [Symbol.asyncIterator]: () => new ConnectStream(open, signal, (e) => failure(e, signal)),
      };
    },
    [Symbol.asyncDispose]: async () => close(),
  };
}

/**
 * The answers to one call. `return()` cancels the call at once, even while a `next()` is waiting: a generator would take it up
 * only after that.
 */
class ConnectStream<T> implements AsyncIterator<T, undefined> {
  readonly #open: (signal: AbortSignal) => Promise<AsyncIterator<T>>;
  readonly #failure: (error: unknown) => unknown;
  readonly #cancel = new AbortController();
  readonly #signal: AbortSignal;
  #answers: Promise<AsyncIterator<T>> | undefined;
  #isDone = false;

  constructor(
    open: (signal: AbortSignal) => Promise<AsyncIterator<T>>,
    signal: AbortSignal | undefined,
    failure: (error: unknown) => unknown,
  ) {
    this.#open = open;
    this.#failure = failure;
    this.#signal = signal ? AbortSignal.any([this.#cancel.signal, signal]) : this.#cancel.signal;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#isDone) return { done: true, value: undefined };
    try {
      this.#answers ??= this.#open(this.#signal);
      const next = await (await this.#answers).next();
      if (next.done !== true) return next;
    } catch (error) {
      if (!this.#isDone) {
        this.#isDone = true;
        throw this.#failure(error);
      }
    }
    this.#isDone = true;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#isDone = true;
    this.#cancel.abort();
    return { done: true, value: undefined };
  }
}

function callError(error: unknown, place: string): unknown {
  if (error instanceof TaskHubError) return error;
  const connectError = ConnectError.from(error);
  // What the server itself said counts, whatever happened to the connection since.
  if (connectError.isWireError) return fromConnectError(connectError);
  const failed = connectionFailure(connectError, place);
  if (failed !== undefined) return failed;
  // Connect's name for a call that was reset with CANCEL, as happens when a connection ends.
  if (connectError.code === Code.Canceled) return lostCall(place, { cause: connectError });
  return fromConnectError(connectError);
}

/** Connect takes a limit of 0 for none. */
function timeLimit(timeoutMs: number | undefined): number | undefined {
  if (timeoutMs === undefined) return undefined;
  if (timeoutMs <= 0) throw new TaskHubError("DEADLINE_EXCEEDED", "the call had no time left");
  return Math.ceil(Math.min(timeoutMs, longestTimeoutMs));
}

async function* only<T>(message: T): AsyncGenerator<T> {
  yield message;
}
