import { cors } from "@connectrpc/connect";
import type { HttpRequest, HttpResponse } from "./connect-handler.ts";
import type { Gate } from "./gate.ts";

const allowedHeaders = [...cors.allowedHeaders, "Authorization", "TaskHub"].join(", ");
const exposedHeaders = cors.exposedHeaders.join(", ");
/** How long a browser need not ask again. Chrome keeps an answer no longer than this. */
const maxAgeSeconds = 7200;

/** Answers a browser's question whether a page may call; tells allowed pages that they may read. True if that was all. */
export function answerCors(request: HttpRequest, response: HttpResponse, gate: Gate): boolean {
  const { origin } = request.headers;
  // Not a browser; or a page that may not call: the call is refused where all calls are checked.
  if (origin === undefined) return false;
  response.setHeader("vary", "origin");
  const isAllowed = gate.allowsOrigin(origin);
  if (isAllowed) {
    response.setHeader("access-control-allow-origin", origin);
    response.setHeader("access-control-expose-headers", exposedHeaders);
  }
  if (request.method !== "OPTIONS") return false;
  if (isAllowed) {
    response.setHeader("access-control-allow-methods", cors.allowedMethods.join(", "));
    response.setHeader("access-control-allow-headers", allowedHeaders);
    response.setHeader("access-control-max-age", maxAgeSeconds);
  }
  response.statusCode = isAllowed ? 204 : 403;
  response.end();
  return true;
}
