import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import type { CallOptions, Transport } from "@durabletask/core";

/** Freezes every message that crosses, all the way down: whoever writes to one throws. */
export function deepFrozen(inner: Transport): Transport {
  return {
    async unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      request: MessageShape<I>,
      options?: CallOptions,
    ): Promise<MessageShape<O>> {
      return freeze(await inner.unary(method, freeze(request), options));
    },
    stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodServerStreaming<I, O>,
      request: MessageShape<I>,
      options?: CallOptions,
    ): AsyncIterable<MessageShape<O>> {
      const messages = inner.stream(method, freeze(request), options);
      return {
        [Symbol.asyncIterator]: () => {
          const iterator = messages[Symbol.asyncIterator]();
          return {
            next: async () => {
              const result = await iterator.next();
              if (result.done !== true) freeze(result.value);
              return result;
            },
            return: async () =>
              (await iterator.return?.()) ?? { done: true as const, value: undefined },
          };
        },
      };
    },
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

function freeze<T>(value: T): T {
  // Bytes cannot be frozen.
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
  return value;
}
