import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import { type CallOptions, TaskHubError, type Transport } from "@durabletask/core";
import { type CallHeaders, checked, type HeaderProvider } from "./call-headers.ts";
import { DeferredStream } from "./deferred-stream.ts";

/**
 * The same transport, except that every call carries the headers of the provider. A unary call that is refused as
 * UNAUTHENTICATED is made once more, if there can be other headers: nothing was done yet.
 */
export function withHeaders(transport: Transport, provider: HeaderProvider): Transport {
  return {
    unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      request: MessageShape<I>,
      { signal, timeoutMs, headers }: CallOptions = {},
    ): Promise<MessageShape<O>> {
      const call = (common: CallHeaders): Promise<MessageShape<O>> =>
        transport.unary(method, request, { signal, timeoutMs, headers: merged(common, headers) });
      return provider.isFixed ? begun(() => call(provider.fixed)) : withRefresh(provider, call);
    },
    stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodServerStreaming<I, O>,
      request: MessageShape<I>,
      { signal, timeoutMs, headers }: CallOptions = {},
    ): AsyncIterable<MessageShape<O>> {
      const call = (common: CallHeaders): AsyncIterable<MessageShape<O>> =>
        transport.stream(method, request, { signal, timeoutMs, headers: merged(common, headers) });
      if (!provider.isFixed) return deferred(provider, call);
      return { [Symbol.asyncIterator]: () => call(provider.fixed)[Symbol.asyncIterator]() };
    },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

/** A call whose headers are refused rejects, as all failures do. */
function begun<T>(call: () => Promise<T>): Promise<T> {
  try {
    return call();
  } catch (error) {
    return Promise.reject(error);
  }
}

async function withRefresh<T>(
  provider: HeaderProvider,
  call: (common: CallHeaders) => Promise<T>,
): Promise<T> {
  const common = await provider.get();
  try {
    return await call(common);
  } catch (error) {
    if (!isUnauthenticated(error)) throw error;
    provider.refuse(common);
    return await call(await provider.get());
  }
}

/** A stream that is refused is not opened again here: whoever reads it opens another, with fresh headers. */
function deferred<T>(
  provider: HeaderProvider,
  call: (common: CallHeaders) => AsyncIterable<T>,
): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      let common: CallHeaders = {};
      return new DeferredStream(
        async () => {
          common = await provider.get();
          return call(common);
        },
        (error) => {
          if (isUnauthenticated(error)) provider.refuse(common);
        },
      );
    },
  };
}

/** Gives the very object where nothing is added: what is made of it can be kept. */
function merged(common: CallHeaders, own: CallHeaders | undefined): CallHeaders {
  if (own === undefined) return common;
  for (const _ in own) return { ...common, ...checked(own) };
  return common;
}

function isUnauthenticated(error: unknown): boolean {
  return error instanceof TaskHubError && error.code === "UNAUTHENTICATED";
}
