import { once } from "node:events";
import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { DescMethod, MessageInitShape, DescMessage } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";

/** What a server answered. */
export interface RawAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The status of gRPC, from wherever it came. */
  readonly status: number | undefined;
  readonly message: string | undefined;
}

/**
 * The two ways through a server, and the headers that lead there: plain gRPC has one of its own; what could be compressed is
 * Connect's, as are the other protocols.
 */
export const ways: readonly (readonly [string, OutgoingHttpHeaders])[] = [
  ["lean", {}],
  ["Connect", { "grpc-encoding": "gzip", "grpc-accept-encoding": "identity" }],
];

/** gRPC by hand: for what a well-behaved client does not do. */
export class RawClient implements AsyncDisposable {
  readonly session: ClientHttp2Session;
  readonly #headers: OutgoingHttpHeaders;

  /** `headers` go with every call. */
  constructor(url: string, headers: OutgoingHttpHeaders = {}) {
    // What a server refuses must not be hidden by what Node.js refuses on this side.
    this.session = connect(url, { maxSessionMemory: 2000 });
    this.#headers = headers;
    // What breaks shows in the streams.
    this.session.on("error", () => undefined);
  }

  /** Opens a stream, and sends nothing but headers. */
  open(method: DescMethod, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
    const stream = this.session.request({
      ":method": "POST",
      ":path": `/${method.parent.typeName}/${method.name}`,
      "content-type": "application/grpc",
      te: "trailers",
      ...this.#headers,
      ...headers,
    });
    stream.on("error", () => undefined);
    return stream;
  }

  /** Calls a method with one message. */
  send<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    headers?: OutgoingHttpHeaders,
  ): ClientHttp2Stream {
    const stream = this.open(method, headers);
    const message = create<DescMessage>(method.input, request);
    stream.end(frame(toBinary(method.input, message)));
    return stream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.session.destroyed) return;
    this.session.destroy();
    if (!this.session.closed) await once(this.session, "close");
  }
}

/** Waits for the answer to a ping: what either side had sent before is there then. */
export async function roundTrip({ session }: RawClient): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    session.ping((error) => (error ? reject(error) : resolve())),
  );
}

/** Reads an answer to its end. */
export async function answerOf(stream: ClientHttp2Stream): Promise<RawAnswer> {
  const body: Buffer[] = [];
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  stream.on("response", (seen) => {
    headers = seen;
  });
  stream.on("trailers", (seen) => {
    trailers = seen;
  });
  stream.on("data", (chunk: Buffer) => body.push(chunk));
  await new Promise((resolve) => stream.once("end", resolve).once("close", resolve));
  const status = trailers["grpc-status"] ?? headers["grpc-status"];
  const message = trailers["grpc-message"] ?? headers["grpc-message"];
  return {
    headers,
    trailers,
    body: Buffer.concat(body),
    status: status === undefined ? undefined : Number(status),
    message: message === undefined ? undefined : decodeURIComponent(String(message)),
  };
}

/** A message in gRPC's envelope. */
export function frame(message: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
