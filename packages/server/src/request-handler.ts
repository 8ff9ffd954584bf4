import type {
  ConnectHandler,
  HttpRequest,
  HttpResponse,
  RequestSurroundings,
} from "./connect-handler.ts";
import { answerCors } from "./cors.ts";
import type { Gate } from "./gate.ts";
import type { ServerLog } from "./server-log.ts";

/** Serves a request that is not on the lean path. */
export type RequestHandler = (
  request: HttpRequest,
  response: HttpResponse,
  surroundings: RequestSurroundings,
) => void;

/** `healthz`, browsers' questions, and the calls that Connect serves. */
export function createRequestHandler(
  connect: ConnectHandler,
  gate: Gate,
  log: ServerLog,
): RequestHandler {
  return (request, response, surroundings) => {
    // An error of the wire ends the call by way of its `CallEnd`; unheard it would end the process.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    if (answerCors(request, response, gate)) return;
    if (isHealthCheck(request)) return answerJson(response, 200, { status: "ok" });
    const served = connect(request, response, surroundings);
    if (!served) return answerUnknown(request, response);
    served.catch((error: unknown) => {
      log.write("debug", "server.response-failed", "an answer could not be sent", { error });
      if (!response.headersSent) answerJson(response, 400, { error: "The request is malformed." });
      else response.end();
    });
  };
}

function isHealthCheck({ method, url }: HttpRequest): boolean {
  return (method === "GET" || method === "HEAD") && url?.split("?", 1)[0] === "/healthz";
}

function answerUnknown(request: HttpRequest, response: HttpResponse): void {
  const isGrpc = request.headers["content-type"]?.startsWith("application/grpc") === true;
  if (!isGrpc || request.httpVersionMajor < 2)
    return answerJson(response, 404, { error: "There is nothing at this path." });
  response.setHeader("content-type", "application/grpc");
  response.setHeader("grpc-status", "12");
  response.setHeader("grpc-message", "This server does not have the method.");
  response.end();
}

function answerJson(response: HttpResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  response.setHeader("content-length", Buffer.byteLength(text));
  response.end(text);
}
