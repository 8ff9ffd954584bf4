import {
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { GetInstanceResponseSchema, WorkItemSchema } from "@durabletask/protobuf";
import { encodeFrame } from "../src/framing.ts";

export type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** An HTTP/2 server that does what its handler says, good or bad. */
export interface RawServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly sessions: Set<ServerHttp2Session>;
}

export async function serveRaw(
  handler: Handler,
  options: ServerOptions & { readonly port?: number } = {},
): Promise<RawServer> {
  const server = createServer(options);
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    handler(stream, headers);
  });
  const port = await listening(server, options.port);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    sessions,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}

/** A TCP server that does not speak HTTP/2, unless its handler does. */
export async function serveTcp(
  handler: (socket: Socket) => void,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    handler(socket);
  });
  const port = await listening(server);
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Says that an answer begins. */
export function begin(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders = {}): void {
  stream.respond(
    { ":status": 200, "content-type": "application/grpc+proto", ...headers },
    { waitForTrailers: true },
  );
}

/** Ends an answer with a status. */
export function end(stream: ServerHttp2Stream, trailers: OutgoingHttpHeaders = {}): void {
  stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", ...trailers }));
  stream.end();
}

/** Answers with messages, and a status. */
export function answer(
  stream: ServerHttp2Stream,
  frames: readonly Buffer[],
  trailers: OutgoingHttpHeaders = {},
): void {
  begin(stream);
  for (const frame of frames) stream.write(frame);
  end(stream, trailers);
}

/** The answer of `getInstance`. */
export function instanceFrame(exists = true): Buffer {
  return encodeFrame(GetInstanceResponseSchema, create(GetInstanceResponseSchema, { exists }), 1e9);
}

/** An item of `getWorkItems`. */
export function itemFrame(item: MessageInitShape<typeof WorkItemSchema>): Buffer {
  return encodeFrame(WorkItemSchema, create(WorkItemSchema, item), 1e9);
}

async function listening(
  server: Server | ReturnType<typeof createServer>,
  port = 0,
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}
