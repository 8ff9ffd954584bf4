import { isIPv4, isIPv6 } from "node:net";
import { DurableTaskError } from "@durabletask/core";
import type { Settings } from "./settings.ts";

/** Throws unless only this machine reaches the server, or it knows who calls and nobody else hears it. */
export function checkExposure({ host, tls, tokens, allowInsecure }: Settings): void {
  if (allowInsecure || isLoopback(host)) return;
  if (tls && (tokens.length > 0 || tls.clientCa !== undefined)) return;
  const missing = tls
    ? "a token or clients' certificates"
    : "TLS, and a token or clients' certificates";
  throw new DurableTaskError(
    "SERVER_EXPOSED",
    `Others could reach a server on ${host}: that needs ${missing}. Listen on 127.0.0.1, give what is missing, or say that you want it so.`,
  );
}

function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith("127.");
  if (isIPv6(host)) return host === "::1";
  return host === "localhost";
}
