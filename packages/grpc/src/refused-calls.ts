import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import type { CallOptions, Transport } from "@durabletask/core";
import { isRefused } from "./call-failure.ts";

/**
 * The same transport, except that a unary call which the server refused before it began with it is made once more: a server that
 * is about to stop does that to calls which crossed its goodbye. gRPC's clients do the same. A stream is opened again by its reader.
 */
export function withRefusedRepeated(transport: Transport): Transport {
  return {
    unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      request: MessageShape<I>,
      options?: CallOptions,
    ): Promise<MessageShape<O>> {
      return transport.unary(method, request, options).catch((error: unknown) => {
        if (isRefused(error)) return transport.unary(method, request, options);
        throw error;
      });
    },
    stream: <I extends DescMessage, O extends DescMessage>(
      method: DescMethodServerStreaming<I, O>,
      request: MessageShape<I>,
      options?: CallOptions,
    ): AsyncIterable<MessageShape<O>> => transport.stream(method, request, options),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}
