import { constants, type OutgoingHttpHeaders } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import type { CallHeaders } from "./call-headers.ts";

/** The longest time that gRPC's header holds in milliseconds: more than a day. */
export const longestTimeoutMs = 99_999_999;

interface Prepared {
  readonly headers: CallHeaders;
  readonly timeoutMs: number | undefined;
  readonly block: OutgoingHttpHeaders;
}

const none: CallHeaders = {};

/**
 * The headers of requests, made once for as long as method, metadata and time limit stay the same, as they do from one completion
 * to the next.
 */
export class RequestHeaders {
  readonly #common: OutgoingHttpHeaders;
  readonly #prepared = new Map<DescMethod, Prepared>();

  constructor(origin: string) {
    const { host, protocol } = new URL(origin);
    this.#common = {
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_SCHEME]: protocol.slice(0, -1),
      [constants.HTTP2_HEADER_AUTHORITY]: host,
      "content-type": "application/grpc+proto",
      te: "trailers",
      "grpc-accept-encoding": "identity,gzip",
    };
  }

  get(
    method: DescMethod,
    headers: CallHeaders = none,
    timeoutMs: number | undefined,
  ): OutgoingHttpHeaders {
    const last = this.#prepared.get(method);
    if (last !== undefined && last.headers === headers && last.timeoutMs === timeoutMs) {
      return last.block;
    }
    const block = Object.freeze({
      ...this.#common,
      ...headers,
      [constants.HTTP2_HEADER_PATH]: `/${method.parent.typeName}/${method.name}`,
      ...(timeoutMs === undefined ? {} : { "grpc-timeout": `${timeoutMs}m` }),
    });
    this.#prepared.set(method, { headers, timeoutMs, block });
    return block;
  }
}
