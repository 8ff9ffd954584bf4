import { once } from "node:events";
import { type IncomingMessage, request, type RequestOptions } from "node:http";
import { text } from "node:stream/consumers";

/** Invokes a handler through Restate's ingress; what it returned, as JSON. Bare HTTP: it is the peer that is measured, not a client. */
export async function invoke(target: RequestOptions): Promise<string> {
  const call = request({ ...target, method: "POST" });
  call.end();
  const [response] = (await once(call, "response")) as [IncomingMessage];
  const body = await text(response);
  if (response.statusCode !== 200)
    throw new Error(`Restate answers ${response.statusCode}: ${body}`);
  return body;
}
