import {
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromJsonString,
  type MessageShape,
  toJsonString,
} from "@bufbuild/protobuf";
import {
  type CallOptions,
  TaskHubError,
  type TaskHubErrorCode,
  type Transport,
} from "@durabletask/core";
import { withoutPages } from "@durabletask/core/spi";

/** The other end of `serveJson`: JSON over plain HTTP, streams as server-sent events. */
export function createJsonTransport(url: string): Transport {
  return {
    async unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      request: MessageShape<I>,
      options: CallOptions = {},
    ): Promise<MessageShape<O>> {
      const response = await call(url, method, toJsonString(method.input, request), options);
      return fromJsonString(method.output, await response.text());
    },
    async *stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodServerStreaming<I, O>,
      request: MessageShape<I>,
      { signal, ...options }: CallOptions = {},
    ): AsyncGenerator<MessageShape<O>, void> {
      const closed = new AbortController();
      const either = AbortSignal.any([closed.signal, ...(signal ? [signal] : [])]);
      try {
        const body = toJsonString(method.input, request);
        const response = await call(url, method, body, { ...options, signal: either });
        for await (const { event, data } of serverSentEvents(response)) {
          if (event === "end") return;
          if (event === "error") throw errorOf(data);
          yield fromJsonString(method.output, data);
        }
        throw new TaskHubError("UNAVAILABLE", "the stream broke off");
      } finally {
        closed.abort();
      }
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

async function call(
  url: string,
  method: DescMethod,
  body: string,
  { signal, timeoutMs, headers }: CallOptions,
): Promise<Response> {
  const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const signals = [signal, limit].filter((one) => one !== undefined);
  let response: Response;
  try {
    response = await fetch(`${url}/${method.name}`, {
      method: "POST",
      body,
      headers: headers ?? {},
      signal: AbortSignal.any(signals),
    });
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (limit?.aborted === true) throw new TaskHubError("DEADLINE_EXCEEDED", "too late");
    throw new TaskHubError("UNAVAILABLE", "the server cannot be reached", { cause: error });
  }
  if (!response.ok) throw errorOf(await response.text());
  return response;
}

function errorOf(body: string): TaskHubError {
  // What the other end writes.
  const { code, message, details } = JSON.parse(body) as {
    code: TaskHubErrorCode;
    message: string;
    details: readonly [string, string][];
  };
  return new TaskHubError(code, withoutPages(message), {
    details: details.map(([type, base64]) => ({
      type,
      value: Uint8Array.from(Buffer.from(base64, "base64")),
    })),
  });
}

/** The events of a response, one by one. */
async function* serverSentEvents(
  response: Response,
): AsyncGenerator<{ readonly event: string; readonly data: string }, void> {
  if (response.body === null) return;
  let rest = "";
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + part).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n");
      const of = (name: string) =>
        lines.find((line) => line.startsWith(name))?.slice(name.length + 2) ?? "";
      yield { event: of("event"), data: of("data") };
    }
  }
}
