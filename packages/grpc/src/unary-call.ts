import { type ClientHttp2Stream, constants } from "node:http2";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { TaskHubError } from "@durabletask/core";
import * as codec from "@durabletask/protobuf/codec";
import { deadlineExceeded, type SignalGroups, type Stoppable } from "./call-limits.ts";
import type { Connection } from "./connection.ts";
import { FrameReader } from "./framing.ts";
import { Reply } from "./reply.ts";

/** What the calls of one transport share. */
export interface CallEnvironment {
  readonly connection: Connection;
  readonly readMaxBytes: number;
  readonly signals: SignalGroups;
}

/** What is particular to one call. */
export interface CallSettings<O extends DescMessage> {
  readonly output: O;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
}

/** Who waits for the answer. */
export interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * One unary call on its HTTP/2 stream: the answer is one message, then a status.
 *
 * It is settled once: by its answer, by the end of its stream, by its time limit or by its signal. What comes after that finds
 * nobody.
 */
export class UnaryCall<O extends DescMessage> implements Stoppable {
  readonly #stream: ClientHttp2Stream;
  readonly #environment: CallEnvironment;
  readonly #settings: CallSettings<O>;
  /**
   * Who waits, until the call is settled. Let go then: Node.js holds a stream, and what listens to it, until the next full collection of
   * garbage, and everything that the waiter holds with it.
   */
  #waiter: Waiter<MessageShape<O>> | undefined;
  readonly #reader: FrameReader;
  readonly #reply: Reply;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(
    stream: ClientHttp2Stream,
    environment: CallEnvironment,
    settings: CallSettings<O>,
    waiter: Waiter<MessageShape<O>>,
  ) {
    this.#stream = stream;
    this.#environment = environment;
    this.#settings = settings;
    this.#waiter = waiter;
    this.#reader = new FrameReader(environment.readMaxBytes);
    this.#reply = new Reply(environment.connection, stream);
    const { signal, timeoutMs } = settings;
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => this.stop(deadlineExceeded(timeoutMs)), timeoutMs);
    }
    if (signal !== undefined) environment.signals.add(signal, this);
    this.#listen();
  }

  /** Sends the request, which is one message. */
  send(frame: Buffer): void {
    this.#stream.end(frame);
  }

  stop(reason: unknown): void {
    this.#settle()?.reject(reason);
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #listen(): void {
    const stream = this.#stream;
    stream.on("response", (headers) => {
      if (this.#reply.headers(headers) !== undefined) this.#fail();
    });
    stream.on("data", (chunk: Buffer) => this.#reader.push(chunk));
    stream.on("trailers", (headers) => {
      this.#reply.trailers(headers);
    });
    stream.on("end", () => {
      if (this.#reply.isComplete) this.#finish();
    });
    stream.on("error", (error) => this.#reply.failed(error));
    stream.on("close", () => this.#finish());
  }

  #finish(): void {
    const waiter = this.#settle();
    if (waiter === undefined) return;
    try {
      const failure = this.#reply.outcome();
      if (failure !== undefined) throw failure;
      waiter.resolve(this.#message());
    } catch (error) {
      waiter.reject(error);
    }
  }

  /** What is no answer is not waited for. */
  #fail(): void {
    this.#finish();
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #message(): MessageShape<O> {
    const frame = this.#reader.read();
    if (frame === undefined || this.#reader.unreadBytes > 0) {
      const what = frame === undefined ? "no message" : "more than one message";
      throw new TaskHubError(
        "UNIMPLEMENTED",
        `${this.#environment.connection.origin} answered with ${what}`,
      );
    }
    const data = this.#reply.decompress(frame, this.#environment.readMaxBytes);
    return decode(this.#settings.output, data);
  }

  /** Gives who waits, once. */
  #settle(): Waiter<MessageShape<O>> | undefined {
    const waiter = this.#waiter;
    if (waiter === undefined) return undefined;
    this.#waiter = undefined;
    clearTimeout(this.#timer);
    const { signal } = this.#settings;
    if (signal !== undefined) this.#environment.signals.delete(signal, this);
    return waiter;
  }
}

/** A message from its bytes. Throws `INTERNAL` for what is none. */
export function decode<O extends DescMessage>(output: O, data: Uint8Array): MessageShape<O> {
  try {
    return codec.decode(output, data);
  } catch (cause) {
    const message = `the answer is no ${output.typeName}`;
    throw new TaskHubError("INTERNAL", message, { cause });
  }
}
