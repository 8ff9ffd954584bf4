import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { createConnectRouter, createContextValues } from "@connectrpc/connect";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { toConnectError } from "@durabletask/grpc/spi";
import type { CallEnd } from "./call-end.ts";
import { callEnd } from "./connect-routes.ts";
import type { Gate } from "./gate.ts";
import { type RequestRoom, smallRequestBytes } from "./request-room.ts";
import type { Settings } from "./settings.ts";

/** A request, by HTTP/1.1 or HTTP/2. */
export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;

/** What a connection has to do with a request on it. */
export interface RequestSurroundings {
  readonly end: CallEnd;
  readonly room: RequestRoom;
}

/** Serves a request if there is a method of its path. */
export type ConnectHandler = (
  request: HttpRequest,
  response: HttpResponse,
  surroundings: RequestSurroundings,
) => Promise<void> | undefined;

/** Serves gRPC, gRPC-Web and Connect, by the content type of the request. */
export function createConnectHandler(
  addRoutes: (router: ConnectRouter) => void,
  gate: Gate,
  { limits }: Settings,
): ConnectHandler {
  const router = createConnectRouter({
    acceptCompression: [compressionGzip, compressionBrotli],
    readMaxBytes: limits.maxMessageBytes,
    // Before the message is received: what a stranger sends is not read.
    requestGate: (context) => checkedBy(gate, context),
  });
  addRoutes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response, { end, room }) => {
    const handler = handlers.get(request.url?.split("?", 1)[0] ?? "");
    if (!handler) return undefined;
    return (async () => {
      const values = createContextValues().set(callEnd, end);
      const universal = universalRequestFromNodeRequest(request, response, undefined, values);
      const body = within(room, limits.maxMessageBytes, request, response);
      await universalResponseToNodeResponse(await handler({ ...universal, body }), response);
    })();
  };
}

/** The body of a request, read on when there is room. How large it will be Connect does not tell: as large as any may be. */
async function* within(
  room: RequestRoom,
  maxBytes: number,
  request: HttpRequest,
  response: HttpResponse,
): AsyncGenerator<Uint8Array> {
  const entered = Promise.withResolvers<void>();
  const body: AsyncIterable<Uint8Array> = request;
  let bytes = 0;
  let leave: (() => void) | undefined;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (!leave && bytes > smallRequestBytes) {
        leave = room.take(maxBytes, entered.resolve);
        response.once("close", leave);
        await entered.promise;
      }
      yield chunk;
    }
  } finally {
    leave?.();
  }
}

function checkedBy(gate: Gate, { requestHeader }: HandlerContext): void {
  try {
    gate.check(
      requestHeader.get("origin") ?? undefined,
      requestHeader.get("authorization") ?? undefined,
    );
  } catch (error) {
    throw toConnectError(error);
  }
}
