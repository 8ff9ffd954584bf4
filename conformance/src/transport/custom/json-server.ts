import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import {
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromJsonString,
  toJsonString,
} from "@bufbuild/protobuf";
import { type CallOptions, TaskHubError, type Transport } from "@durabletask/core";
import { isServerStreaming, isUnary } from "@durabletask/core/spi";
import { TaskHubSidecarService } from "@durabletask/protobuf";

const methods = new Map(TaskHubSidecarService.methods.map((method) => [`/${method.name}`, method]));

/** Serves a transport over plain HTTP: JSON in, JSON or server-sent events out. */
export async function serveJson(inner: Transport): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    answer(inner, request, response).catch((error: unknown) => fail(response, error));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  // Listening on an address, not on a pipe.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => close(server) };
}

async function answer(
  inner: Transport,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = methods.get(request.url ?? "");
  if (method === undefined) throw new TaskHubError("UNIMPLEMENTED", `no method ${request.url}`);
  const body = await text(request);
  const headers = headersOf(request);
  if (isUnary(method)) await answerOnce(inner, method, body, headers, response);
  if (isServerStreaming(method)) await answerMany(inner, method, body, headers, response);
}

async function answerOnce(
  inner: Transport,
  method: DescMethodUnary,
  body: string,
  headers: CallOptions["headers"],
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort(new TaskHubError("CANCELLED", "the caller has gone")));
  const options = { signal: gone.signal, headers };
  const message = await inner.unary(method, fromJsonString(method.input, body), options);
  response.setHeader("content-type", "application/json");
  response.end(toJsonString(method.output, message));
}

async function answerMany(
  inner: Transport,
  method: DescMethodServerStreaming,
  body: string,
  headers: CallOptions["headers"],
  response: ServerResponse,
): Promise<void> {
  const messages = inner.stream(method, fromJsonString(method.input, body), { headers });
  const iterator = messages[Symbol.asyncIterator]();
  // The caller closes its connection when it wants no more, which here is all that closing a stream can mean.
  const gone = new AbortController();
  response.on("close", () => {
    gone.abort();
    void iterator.return?.().catch(() => {});
  });
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    const isDrained = response.write(`data: ${toJsonString(method.output, next.value)}\n\n`);
    // One that has gone drains nothing any more.
    if (!isDrained) await once(response, "drain", { signal: gone.signal }).catch(() => {});
  }
  response.end("event: end\ndata: {}\n\n");
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const pairs = Object.entries(request.headers);
  return Object.fromEntries(pairs.map(([name, value]) => [name, String(value)]));
}

function fail(response: ServerResponse, error: unknown): void {
  const code = error instanceof TaskHubError ? error.code : "UNKNOWN";
  const message = error instanceof Error ? error.message : String(error);
  const details = error instanceof TaskHubError ? error.details : [];
  const encoded = details.map(({ type, value }) => [type, Buffer.from(value).toString("base64")]);
  const body = JSON.stringify({ code, message, details: encoded });
  if (response.headersSent) {
    response.end(`event: error\ndata: ${body}\n\n`);
    return;
  }
  response.writeHead(500, { "content-type": "application/json" });
  response.end(body);
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => void server.close(() => resolve()));
}
