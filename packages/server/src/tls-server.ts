import { X509Certificate } from "node:crypto";
import { createServer, type Server } from "node:tls";
import { InvalidArgumentError } from "@durabletask/core";
import type { ServerTls } from "./serve-options.ts";

/** A server for both versions of HTTP over TLS. Throws {@link InvalidArgumentError} for certificates that cannot be used. */
export function createTlsServer(
  { cert, key, passphrase, clientCa }: ServerTls,
  handshakeTimeoutMs: number,
): Server {
  try {
    return createServer({
      cert,
      key,
      ...(passphrase !== undefined && { passphrase }),
      ...(clientCa !== undefined && { ca: readable(clientCa), requestCert: true }),
      rejectUnauthorized: true,
      ALPNProtocols: ["h2", "http/1.1"],
      minVersion: "TLSv1.2",
      handshakeTimeout: handshakeTimeoutMs,
      noDelay: true,
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidArgumentError(
      `TLS cannot be had with these certificates and this key (${why}): give all as text in PEM form, and the key that is the certificate's own`,
      { cause },
    );
  }
}

/** Throws for an authority that is none: Node.js would pass over it, and then take nobody's certificate. */
function readable(authority: string | Buffer): string | Buffer {
  void new X509Certificate(authority);
  return authority;
}
