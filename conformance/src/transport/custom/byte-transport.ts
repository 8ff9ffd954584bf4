import {
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { CallOptions, Transport } from "@durabletask/core";

/** A transport as a user would write it over a wire of their own: every message becomes bytes, and comes back from bytes. */
export function throughBytes(inner: Transport): Transport {
  const copy = <T extends DescMessage>(schema: T, message: MessageShape<T>): MessageShape<T> =>
    fromBinary(schema, toBinary(schema, message));
  return {
    async unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      request: MessageShape<I>,
      options?: CallOptions,
    ): Promise<MessageShape<O>> {
      const response = await inner.unary(method, copy(method.input, request), options);
      return copy(method.output, response);
    },
    async *stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodServerStreaming<I, O>,
      request: MessageShape<I>,
      options?: CallOptions,
    ): AsyncGenerator<MessageShape<O>, void> {
      for await (const message of inner.stream(method, copy(method.input, request), options)) {
        yield copy(method.output, message);
      }
    },
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}
