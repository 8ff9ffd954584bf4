import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import type { ClientHttp2Stream } from "node:http2";
import type { CallOptions, Transport } from "@durabletask/core";
import { SignalGroups, wholeTimeout } from "./call-limits.ts";
import type { Connection } from "./connection.ts";
import { encodeFrame } from "./framing.ts";
import { longestTimeoutMs, RequestHeaders } from "./request-headers.ts";
import { StreamCall } from "./stream-call.ts";
import { type CallEnvironment, UnaryCall } from "./unary-call.ts";

/** Bytes of the largest messages. */
export interface MessageLimits {
  readonly readMaxBytes: number;
  readonly writeMaxBytes: number;
}

/**
 * A transport that speaks gRPC on `node:http2` itself. It does what {@link TransportOverConnect} does over Connect, at a fraction of the
 * time: see decisions/030-bare-http2-beside-connect.md.
 */
export class LeanTransport implements Transport {
  readonly #connection: Connection;
  readonly #limits: MessageLimits;
  readonly #headers: RequestHeaders;
  readonly #environment: CallEnvironment;

  constructor(connection: Connection, limits: MessageLimits) {
    this.#connection = connection;
    this.#limits = limits;
    this.#headers = new RequestHeaders(connection.origin);
    this.#environment = {
      connection,
      readMaxBytes: limits.readMaxBytes,
      signals: new SignalGroups(),
    };
  }

  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    { signal, timeoutMs, headers }: CallOptions = {},
  ): Promise<MessageShape<O>> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const settings = { output: method.output, signal, timeoutMs: wholeTimeout(timeoutMs) };
      const block = this.#headers.get(method, headers, settings.timeoutMs);
      const frame = encodeFrame(method.input, request, this.#limits.writeMaxBytes);
      const stream = this.#connection.request(block);
      new UnaryCall(stream, this.#environment, settings, { resolve, reject }).send(frame);
    });
  }

  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    { signal, timeoutMs, headers }: CallOptions = {},
  ): AsyncIterable<MessageShape<O>> {
    const open = (): ClientHttp2Stream => {
      const block = this.#headers.get(method, headers, wholeTimeout(timeoutMs));
      const frame = encodeFrame(method.input, request, this.#limits.writeMaxBytes);
      return this.#connection.request(block).end(frame);
    };
    const limitMs = timeoutMs && Math.min(timeoutMs, longestTimeoutMs);
    const settings = { output: method.output, signal, timeoutMs: limitMs };
    return {
      [Symbol.asyncIterator]: () => new StreamCall(open, this.#environment, settings),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
  }
}
