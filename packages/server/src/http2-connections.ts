import {
  createServer,
  Http2ServerRequest,
  Http2ServerResponse,
  type Http2Server,
  type IncomingHttpHeaders,
  type Http2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import { Http2Connection } from "./http2-connection.ts";
import type { LeanHandler } from "./lean/lean-handler.ts";
import type { RequestHandler } from "./request-handler.ts";
import type { Settings } from "./settings.ts";

/** The connections that speak HTTP/2. */
export class Http2Connections {
  readonly #server: Http2Server;
  readonly #lean: LeanHandler;
  readonly #handle: RequestHandler;
  readonly #maxHeaderBytes: number;
  readonly #connections = new Map<Http2Session, Http2Connection>();
  /** The socket whose session is being made. */
  #taken: Socket | undefined;

  constructor(lean: LeanHandler, handle: RequestHandler, settings: Settings) {
    this.#lean = lean;
    this.#handle = handle;
    const { limits } = settings;
    this.#maxHeaderBytes = limits.maxHeaderBytes;
    this.#server = createServer({
      // Megabytes. A connection that does not take its answers gets no more calls, until it has taken some.
      maxSessionMemory: Math.ceil((2 * limits.maxMessageBytes) / 1_000_000),
      // What is above the limit is refused, as it comes. A connection on which that has happened is none the worse for it.
      maxSessionRejectedStreams: 2 ** 31 - 1,
      // A client may give up all its calls at once, as when it waits for many instances with one time limit, and do so again.
      streamResetBurst: 1000 + 4 * limits.maxStreamsPerConnection,
      streamResetRate: 33 + limits.maxStreamsPerConnection,
      settings: {
        maxConcurrentStreams: limits.maxStreamsPerConnection,
        maxHeaderListSize: limits.maxHeaderBytes,
      },
    });
    this.#server.on("session", (session) => {
      // Of the session's own socket Node.js shows a proxy only.
      const socket = this.#taken;
      if (!socket) return session.destroy();
      this.#connections.set(session, new Http2Connection(session, socket, settings));
      session.once("close", () => this.#connections.delete(session));
    });
    this.#server.on("stream", (stream, headers, _flags, rawHeaders) =>
      this.#serve(stream, headers, rawHeaders),
    );
    // Each session logs its own.
    this.#server.on("sessionError", () => undefined);
  }

  take(socket: Socket): void {
    // A peer that says no more takes no more either, other than in HTTP/1.1.
    socket.allowHalfOpen = false;
    this.#taken = socket;
    this.#server.emit("connection", socket);
    this.#taken = undefined;
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all([...this.#connections.values()].map((each) => each.close(graceMs)));
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: string[]): void {
    const connection = stream.session && this.#connections.get(stream.session);
    if (!connection) return stream.close();
    const end = connection.endOf(stream);
    // What breaks a stream shows in how it ends; unheard it would end the process.
    stream.on("error", unheard);
    if (sizeOf(rawHeaders) > this.#maxHeaderBytes) return refuseHeaders(stream);
    if (this.#lean(stream, headers, end, connection.room))
      return void stream.on("close", forgetCall);
    // What Node.js's own listener for requests makes of a stream.
    const request = new Http2ServerRequest(stream, headers, {}, rawHeaders);
    this.#handle(request, new Http2ServerResponse(stream), { end, room: connection.room });
  }
}

function unheard(): void {}

/**
 * Lets go of all that listens to a stream that is closed, and of the call that they know: Node.js holds the stream itself until the
 * next full collection of garbage, and the smaller ones would move all of it.
 */
function forgetCall(this: ServerHttp2Stream): void {
  // First what Node.js would tell of each that goes.
  this.removeAllListeners("removeListener").removeAllListeners();
  this.on("error", unheard);
}

/** The size of headers as HTTP/2 counts it (RFC 9113, 10.5.1). */
function sizeOf(rawHeaders: readonly string[]): number {
  let bytes = rawHeaders.length * 16;
  for (const text of rawHeaders) bytes += text.length;
  return bytes;
}

/** Node.js does so, too, but only once the client has acknowledged the limit. */
function refuseHeaders(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 431 }, { endStream: true });
}
