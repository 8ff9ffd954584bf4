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
      return provider.isFixed
        ? begun(() => call(provider.fixed))
        : withRefresh(provider, signal, call);
    },
    stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodServerStreaming<I, O>,
      request: MessageShape<I>,
      { signal, timeoutMs, headers }: CallOptions = {},
    ): AsyncIterable<MessageShape<O>> {
      const call = (common: CallHeaders): AsyncIterable<MessageShape<O>> =>
        transport.stream(method, request, { signal, timeoutMs, headers: merged(common, headers) });
      if (!provider.isFixed) return deferred(provider, signal, call);
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
  signal: AbortSignal | undefined,
  call: (common: CallHeaders) => Promise<T>,
): Promise<T> {
  const common = await headersOf(provider, signal);
  try {
    return await call(common);
  } catch (error) {
    if (!isUnauthenticated(error)) throw error;
    provider.refuse(common);
    return await call(await headersOf(provider, signal));
  }
}

/** The headers; rejects with the signal's reason where that comes first: the source is asked for others, too. */
function headersOf(
  provider: HeaderProvider,
  signal: AbortSignal | undefined,
): CallHeaders | Promise<CallHeaders> {
  const answer = provider.get();
  if (signal === undefined || !(answer instanceof Promise)) return answer;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    const done = (): void => signal.removeEventListener("abort", onAbort);
    answer.finally(done).then(resolve, reject);
  });
}

/** A stream that is refused is not opened again here: whoever reads it opens another, with fresh headers. */
function deferred<T>(
  provider: HeaderProvider,
  signal: AbortSignal | undefined,
  call: (common: CallHeaders) => AsyncIterable<T>,
): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      let common: CallHeaders = {};
      return new DeferredStream(
        async () => {
          common = await headersOf(provider, signal);
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
