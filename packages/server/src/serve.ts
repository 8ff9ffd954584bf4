import { createServer, type ServerHttp2Session } from "node:http2";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { addRoutes, type TransportOf } from "./routes.ts";

/** How a task hub is put on the network. */
export interface ServeOptions {
  /** Default: 0, a free one. */
  readonly port?: number;
}

/** A running server. */
export interface TaskHubServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:4001`. */
  readonly url: string;
  /** Ends all streams and connections. */
  close(): Promise<void>;
}

/** Puts transports on the network, for workers and clients in every language: a Durable Task sidecar. */
export async function serve(
  transportOf: TransportOf,
  options: ServeOptions = {},
): Promise<TaskHubServer> {
  const server = createServer(
    connectNodeAdapter({ routes: (router) => addRoutes(router, transportOf) }),
  );
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const session of sessions) session.destroy();
    });
  return { url: `http://127.0.0.1:${address.port}`, close, [Symbol.asyncDispose]: close };
}
