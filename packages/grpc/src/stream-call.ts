import { type ClientHttp2Stream, constants } from "node:http2";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { TaskHubError } from "@durabletask/core";
import { deadlineExceeded, type Stoppable } from "./call-limits.ts";
import { FrameReader } from "./framing.ts";
import { Reply } from "./reply.ts";
import { type CallEnvironment, type CallSettings, decode, type Waiter } from "./unary-call.ts";

/** Bytes that may have come without being read, beside those that HTTP/2 holds back. */
const highWaterBytes = 16 * 1024;

type Next<O extends DescMessage> = IteratorResult<MessageShape<O>, undefined>;

/**
 * - `unopened`: nobody has asked for a message.
 * - `open`: messages come.
 * - `answered`: all has come; what is not read yet still is.
 * - `failed`: what is not read is dropped; the reader is told once.
 * - `left`: the reader is gone, or has been told.
 */
type State =
  | { readonly kind: "unopened" }
  | {
      readonly kind: "open";
      readonly stream: ClientHttp2Stream;
      readonly timer: NodeJS.Timeout | undefined;
    }
  | { readonly kind: "answered" }
  | { readonly kind: "failed"; readonly reason: unknown }
  | { readonly kind: "left" };

/**
 * One server-streaming call. Opened by the first `next()`; `return()` resets the stream at once, even while a `next()` waits.
 *
 * Messages are decoded when they are asked for. What has come and is not asked for is bounded: above a mark the stream is
 * paused, and HTTP/2 holds back the rest.
 */
export class StreamCall<O extends DescMessage>
  implements AsyncIterator<MessageShape<O>, undefined>, Stoppable
{
  readonly #open: () => ClientHttp2Stream;
  readonly #environment: CallEnvironment;
  readonly #settings: CallSettings<O>;
  readonly #reader: FrameReader;
  /** Once it is open. */
  #reply: Reply | undefined;
  readonly #waiters: Waiter<Next<O>>[] = [];
  #state: State = { kind: "unopened" };
  /** How an answered call ended, where it was not well. */
  #failure: TaskHubError | undefined;

  constructor(
    open: () => ClientHttp2Stream,
    environment: CallEnvironment,
    settings: CallSettings<O>,
  ) {
    this.#open = open;
    this.#environment = environment;
    this.#settings = settings;
    this.#reader = new FrameReader(environment.readMaxBytes);
  }

  next(): Promise<Next<O>> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      if (this.#state.kind === "unopened") this.#begin();
      this.#serve();
    });
  }

  async return(): Promise<Next<O>> {
    this.#end({ kind: "left" });
    return { done: true, value: undefined };
  }

  stop(reason: unknown): void {
    this.#end({ kind: "failed", reason });
  }

  #begin(): void {
    const { signal, timeoutMs } = this.#settings;
    try {
      signal?.throwIfAborted();
      const stream = this.#open();
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => this.stop(deadlineExceeded(timeoutMs)), timeoutMs);
      this.#state = { kind: "open", stream, timer };
      if (signal !== undefined) this.#environment.signals.add(signal, this);
      this.#listen(stream);
    } catch (reason) {
      this.stop(reason);
    }
  }

  #listen(stream: ClientHttp2Stream): void {
    const reply = new Reply(this.#environment.connection, stream);
    this.#reply = reply;
    stream.on("response", (headers) => {
      const refusal = reply.headers(headers);
      if (refusal !== undefined) this.stop(refusal);
    });
    stream.on("data", (chunk: Buffer) => {
      if (this.#state.kind !== "open") return;
      this.#reader.push(chunk);
      this.#serve();
    });
    stream.on("trailers", (headers) => {
      reply.trailers(headers);
    });
    stream.on("error", (error) => reply.failed(error));
    stream.on("close", () => this.#closed(reply));
  }

  /** What came before a failure of the other side's is read before the reader is told. */
  #closed(reply: Reply): void {
    this.#failure = reply.outcome();
    this.#end({ kind: "answered" });
  }

  /** Gives those who wait what there is. */
  #serve(): void {
    while (this.#waiters.length > 0 && this.#serveOne());
    if (this.#state.kind !== "open") return;
    const { stream } = this.#state;
    if (this.#waiters.length > 0) stream.resume();
    else if (this.#reader.unreadBytes >= highWaterBytes) stream.pause();
  }

  /** Whether there was something for the first who waits. */
  #serveOne(): boolean {
    const message = this.#message();
    if (message !== undefined) return this.#give({ done: false, value: message });
    switch (this.#state.kind) {
      case "unopened":
      case "open":
        return false;
      case "failed": {
        const { reason } = this.#state;
        this.#state = { kind: "left" };
        this.#waiters.shift()?.reject(reason);
        return true;
      }
      default:
        return this.#give({ done: true, value: undefined });
    }
  }

  #give(next: Next<O>): true {
    this.#waiters.shift()?.resolve(next);
    return true;
  }

  #message(): MessageShape<O> | undefined {
    try {
      const frame = this.#reader.read();
      if (frame === undefined || this.#reply === undefined) return this.#checkEnd();
      const data = this.#reply.decompress(frame, this.#environment.readMaxBytes);
      return decode(this.#settings.output, data);
    } catch (reason) {
      this.stop(reason);
      return undefined;
    }
  }

  /** When all has been read that came whole: throws what else there is to say of the end. */
  #checkEnd(): undefined {
    if (this.#state.kind !== "answered") return undefined;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#reader.unreadBytes === 0) return undefined;
    throw new TaskHubError(
      "INTERNAL",
      `${this.#environment.connection.origin} ended in the middle of a message`,
    );
  }

  /** Every transition out of the first three states. */
  #end(state: Exclude<State, { kind: "unopened" | "open" }>): void {
    const previous = this.#state;
    if (previous.kind === "left" || previous.kind === "failed") {
      if (state.kind === "left") this.#state = state;
      return;
    }
    this.#state = state;
    if (state.kind !== "answered") this.#reader.clear();
    if (previous.kind === "open") {
      clearTimeout(previous.timer);
      const { signal } = this.#settings;
      if (signal !== undefined) this.#environment.signals.delete(signal, this);
      if (state.kind !== "answered") previous.stream.close(constants.NGHTTP2_CANCEL);
    }
    this.#serve();
  }
}
