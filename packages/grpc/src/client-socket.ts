import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

/** A socket to an origin such as `https://localhost:4001`, which begins to connect; over TLS for HTTP/2. */
export function openSocket(origin: string, tls: ConnectionOptions): Socket {
  const { protocol, hostname, port } = new URL(origin);
  // An IPv6 address stands in brackets.
  const host = hostname.replace(/^\[(.*)\]$/u, "$1");
  if (protocol === "http:") return connectTcp({ host, port: Number(port) || 80 });
  return connectTls({
    ...tls,
    // Servers are told no addresses for names.
    servername: tls.servername ?? (isIP(host) === 0 ? host : undefined),
    host,
    port: Number(port) || 443,
    ALPNProtocols: ["h2"],
  });
}
