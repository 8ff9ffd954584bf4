import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { DurableTaskError } from "@durabletask/core";
import { peerOf } from "./http2-connection.ts";
import { sniff } from "./protocol-sniffer.ts";
import type { ServerTls } from "./serve-options.ts";
import type { Settings } from "./settings.ts";
import { createTlsServer } from "./tls-server.ts";

/** Takes a new connection. */
export type OnConnection = (socket: Socket, protocol: "http1" | "http2") => void;

/** How long a connection may take until it is plain which protocol it speaks. */
const firstBytesMs = 10_000;

/** The listening socket. */
export interface Listener {
  readonly url: string;
  /** Takes no more connections. Those that are open stay. */
  stop(): void;
  /** Ends all connections. Resolves when they have ended. */
  destroy(): Promise<void>;
}

/** Listens on one port for both versions of HTTP: with TLS the client says which (ALPN), without its first bytes do. */
export async function listen(settings: Settings, onConnection: OnConnection): Promise<Listener> {
  const { host, port, tls, limits, log } = settings;
  const server = tls ? tlsServer(tls, settings, onConnection) : tcpServer(settings, onConnection);
  const sockets = new Set<Socket>();
  server.maxConnections = limits.maxConnections;
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("drop", () => {
    const message = "a connection was closed: there are too many";
    const fields = { limit: limits.maxConnections };
    log.write("warn", "server.connections-exceeded", message, fields);
  });
  await listening(server, host, port);
  server.on("error", (error) => {
    log.write("error", "server.failed", "the server cannot take connections", { error });
  });
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  return {
    url: urlOf(server, tls !== undefined),
    stop: () => server.close(),
    async destroy() {
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function tcpServer({ clock, log }: Settings, onConnection: OnConnection): Server {
  return createTcpServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const onError = (error: Error) => {
      const message = "a connection broke off before it said what it wants";
      log.write("info", "server.connection-failed", message, { peer: peerOf(socket), error });
    };
    const onEnd = () => socket.destroy();
    const cancel = clock.schedule(onEnd, firstBytesMs);
    socket.once("close", cancel);
    socket.on("error", onError);
    socket.on("end", onEnd);
    sniff(socket, (protocol) => {
      cancel();
      socket.off("close", cancel);
      socket.off("error", onError);
      socket.off("end", onEnd);
      onConnection(socket, protocol);
    });
  });
}

function tlsServer(tls: ServerTls, { log }: Settings, onConnection: OnConnection): Server {
  const server = createTlsServer(tls, firstBytesMs);
  server.on("secureConnection", (socket) => {
    onConnection(socket, socket.alpnProtocol === "h2" ? "http2" : "http1");
  });
  server.on("tlsClientError", (error, socket) => {
    const message = "a client did not come through the TLS handshake";
    log.write("info", "server.connection-failed", message, { peer: peerOf(socket), error });
    if (socket instanceof TLSSocket) socket.destroy();
  });
  return server;
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error) => reject(listenError(host, port, error));
    server.once("error", onError);
    server.listen(port, host, () => {
      server.off("error", onError);
      resolve();
    });
  });
}

function listenError(host: string, port: number, cause: Error): Error {
  const code = "code" in cause ? cause.code : undefined;
  const place = `${host}:${port}`;
  if (code === "EADDRINUSE") {
    const message = `Another process listens on ${place}. Stop it, or choose another port.`;
    return new DurableTaskError("ADDRESS_IN_USE", message, { cause });
  }
  const message = `The server cannot listen on ${place}: ${cause.message}. Choose an address of this machine, and a port that this user may take.`;
  return new DurableTaskError("ADDRESS_NOT_AVAILABLE", message, { cause });
}

function urlOf(server: Server, isSecure: boolean): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `${isSecure ? "https" : "http"}://${host}:${address.port}`;
}
