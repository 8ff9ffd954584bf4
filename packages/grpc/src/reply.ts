import type { ClientHttp2Stream, Http2Session, IncomingHttpHeaders } from "node:http2";
import { constants } from "node:http2";
import { gunzipSync } from "node:zlib";
import { TaskHubError, type TaskHubErrorCode } from "@durabletask/core";
import { connectionFailure, lostCall, resetError } from "./call-failure.ts";
import type { Connection } from "./connection.ts";
import { type Frame, tooLarge } from "./framing.ts";
import { decodeStatus } from "./rpc-status.ts";
import { fromStatus, type Status } from "./status.ts";

/** What gRPC makes of the status of HTTP where there is none of its own. */
const httpStatus: ReadonlyMap<number, TaskHubErrorCode> = new Map([
  [400, "INTERNAL"],
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [404, "UNIMPLEMENTED"],
  [429, "UNAVAILABLE"],
  [502, "UNAVAILABLE"],
  [503, "UNAVAILABLE"],
  [504, "UNAVAILABLE"],
]);

/** What the other side has said of one call besides its messages: how it answers, and how it ended. */
export class Reply {
  readonly #connection: Connection;
  readonly #stream: ClientHttp2Stream;
  readonly #session: Http2Session | undefined;
  #refusal: TaskHubError | undefined;
  #status: Status | undefined;
  #encoding = "identity";
  #error: unknown;

  constructor(connection: Connection, stream: ClientHttp2Stream) {
    this.#connection = connection;
    this.#stream = stream;
    // A stream that is closed no longer knows it.
    this.#session = stream.session;
  }

  /** Whether the other side has said how the call ended. */
  get isComplete(): boolean {
    return this.#status !== undefined;
  }

  /** Takes the headers, which are all there is of a call that failed at once. Gives why this is no answer of gRPC's. */
  headers(headers: IncomingHttpHeaders): TaskHubError | undefined {
    const status = Number(headers[constants.HTTP2_HEADER_STATUS]);
    const type = String(headers["content-type"] ?? "");
    if (status !== 200) {
      this.#refusal = this.#refused(httpStatus.get(status) ?? "UNKNOWN", `HTTP status ${status}`);
    } else if (!/^application\/grpc(?:\+proto)?(?:;|$)/u.test(type)) {
      this.#refusal = this.#refused("UNKNOWN", `the content type ${JSON.stringify(type)}`);
    }
    this.#encoding = String(headers["grpc-encoding"] ?? "identity");
    this.#status = decodeStatus(headers);
    return this.#refusal;
  }

  trailers(headers: IncomingHttpHeaders): void {
    this.#status = decodeStatus(headers) ?? this.#status;
  }

  /** Takes an error of the platform's. The first one says most. */
  failed(error: unknown): void {
    this.#error ??= error;
  }

  /** The bytes of a message. Throws for what cannot be read. */
  decompress({ isCompressed, data }: Frame, maxBytes: number): Uint8Array {
    if (!isCompressed) return data;
    if (this.#encoding !== "gzip") {
      throw new TaskHubError("INTERNAL", `a message is compressed by "${this.#encoding}", unasked`);
    }
    try {
      return gunzipSync(data, { maxOutputLength: maxBytes });
    } catch (cause) {
      const isTooLarge = cause instanceof RangeError;
      if (isTooLarge) throw tooLarge("received", maxBytes, maxBytes);
      throw new TaskHubError("INTERNAL", "a compressed message is garbled", { cause });
    }
  }

  /** Why the call failed; `undefined` where it was answered. To be asked when nothing more will come. */
  outcome(): TaskHubError | undefined {
    if (this.#refusal !== undefined) return this.#refusal;
    // What the other side has said counts, whatever happened to the connection since.
    if (this.#status !== undefined) {
      return this.#status.code === 0 ? undefined : fromStatus(this.#status);
    }
    return this.#lost();
  }

  #lost(): TaskHubError {
    const { origin, closedBecause } = this.#connection;
    if (closedBecause !== undefined) return closedBecause;
    const isReset = this.#session !== undefined && !this.#session.destroyed;
    return (
      connectionFailure(this.#error, origin) ??
      (isReset
        ? resetError(this.#stream.rstCode, origin, this.#error)
        : lostCall(origin, { cause: this.#error }))
    );
  }

  #refused(code: TaskHubErrorCode, how: string): TaskHubError {
    const message = `${this.#connection.origin} answered with ${how}, without a status of gRPC's`;
    return new TaskHubError(code, message, { cause: this.#error });
  }
}
