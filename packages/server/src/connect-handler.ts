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
import type { Settings } from "./settings.ts";

/** A request, by HTTP/1.1 or HTTP/2. */
export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;

/** Serves a request if there is a method of its path. */
export type ConnectHandler = (
  request: HttpRequest,
  response: HttpResponse,
  end: CallEnd,
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
  return (request, response, end) => {
    const handler = handlers.get(request.url?.split("?", 1)[0] ?? "");
    if (!handler) return undefined;
    return (async () => {
      const contextValues = createContextValues().set(callEnd, end);
      const universal = universalRequestFromNodeRequest(
        request,
        response,
        undefined,
        contextValues,
      );
      await universalResponseToNodeResponse(await handler(universal), response);
    })();
  };
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
