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

/** The headers that are for the transport behind the server; the token only where the server does not ask for one itself. */
export function metadataOf(
  headers: Iterable<readonly [string, string | readonly string[] | undefined]>,
  keepsToken: boolean,
): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (value === undefined || !isMetadata(name)) continue;
    if (name === "authorization" && !keepsToken) continue;
    metadata[name] = typeof value === "string" ? value : value.join(", ");
  }
  return metadata;
}

function isMetadata(name: string): boolean {
  return !ofTheWire.has(name) && !prefixesOfTheWire.some((prefix) => name.startsWith(prefix));
}
