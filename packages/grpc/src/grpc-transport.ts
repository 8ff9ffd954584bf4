import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import {
  createGrpcTransport as createConnectTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import type { CallOptions, Transport } from "@durabletask/core";
import { fromConnectError } from "./status.ts";

/** Where the task hub is, and how to reach it. */
export interface GrpcTransportOptions {
  /** Such as `http://localhost:4001`. */
  readonly baseUrl: string;
}

/** A transport to a Durable Task sidecar over gRPC. */
export function createGrpcTransport({ baseUrl }: GrpcTransportOptions): Transport {
  const sessionManager = new Http2SessionManager(baseUrl);
  const connect = createConnectTransport({ baseUrl, sessionManager });
  return {
    async unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      request: MessageShape<I>,
      { signal, timeoutMs, headers }: CallOptions = {},
    ): Promise<MessageShape<O>> {
      try {
        return (await connect.unary(method, signal, timeoutMs, headers, request)).message;
      } catch (error) {
        throw signal?.aborted === true ? signal.reason : fromConnectError(error);
      }
    },
    async *stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodServerStreaming<I, O>,
      request: MessageShape<I>,
      { signal, timeoutMs, headers }: CallOptions = {},
    ): AsyncGenerator<MessageShape<O>, void> {
      const closed = new AbortController();
      const either = AbortSignal.any([closed.signal, ...(signal ? [signal] : [])]);
      try {
        const response = await connect.stream(method, either, timeoutMs, headers, only(request));
        yield* response.message;
      } catch (error) {
        throw signal?.aborted === true ? signal.reason : fromConnectError(error);
      } finally {
        closed.abort();
      }
    },
    [Symbol.asyncDispose]: async () => sessionManager.abort(),
  };
}

async function* only<T>(message: T): AsyncGenerator<T> {
  yield message;
}
