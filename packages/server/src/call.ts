import type { CallEnd } from "./call-end.ts";

/** One call as it came in, whatever the protocol. */
export interface Call {
  readonly taskHub: string;
  /** What the caller sent along, without what belongs to the wire. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number | undefined;
  readonly end: CallEnd;
}

/** The task hub of a call that names none. */
const defaultTaskHub = "default";

export function taskHubOf(headers: Readonly<Record<string, string>>): string {
  return headers["taskhub"] || defaultTaskHub;
}

// Of HTTP, of gRPC and of browsers: they say how the message travels, and mean nothing to a task hub.
const ofTheWire = new Set([
  // The usual ones of the prefixes below: this finds them faster.
  ":authority",
  ":method",
  ":path",
  ":scheme",
  "accept-encoding",
  "grpc-accept-encoding",
  "grpc-encoding",
  "grpc-timeout",
  "accept",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "cookie",
  "host",
  "http2-settings",
  "keep-alive",
  "origin",
  "proxy-authorization",
  "referer",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "x-grpc-web",
]);
const prefixesOfTheWire = [":", "grpc-", "connect-", "accept-", "access-control-", "sec-"];

/** Adds a header if it is for the transport behind the server; the token only where the server does not ask for one itself. */
export function addMetadata(
  metadata: Record<string, string>,
  name: string,
  value: string | readonly string[] | undefined,
  keepsToken: boolean,
): void {
  if (value === undefined || !isMetadata(name)) return;
  if (name === "authorization" && !keepsToken) return;
  metadata[name] = typeof value === "string" ? value : value.join(", ");
}

function isMetadata(name: string): boolean {
  return !ofTheWire.has(name) && !prefixesOfTheWire.some((prefix) => name.startsWith(prefix));
}
