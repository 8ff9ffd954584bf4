import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { CallEnd } from "./call-end.ts";
import type { RequestHandler } from "./request-handler.ts";
import { RequestRoom } from "./request-room.ts";
import type { Settings } from "./settings.ts";

/** The connections that speak HTTP/1.1: browsers, probes, scripts. */
export class Http1Connections {
  readonly #server: Server;
  readonly #handle: RequestHandler;

  constructor(handle: RequestHandler, { limits, idleTimeoutMs }: Settings) {
    this.#handle = handle;
    this.#server = createServer({
      maxHeaderSize: limits.maxHeaderBytes,
      keepAliveTimeout: idleTimeoutMs,
      noDelay: true,
    });
    this.#server.on("request", (request, response) => this.#serve(request, response));
    // It listens on no socket of its own; this starts its watch over slow headers all the same.
    this.#server.emit("listening");
  }

  take(socket: Socket): void {
    this.#server.emit("connection", socket);
    socket.resume();
  }

  /** Lets answers under way go out, no longer than `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    await Promise.race([closed, setTimeout(graceMs, undefined, { ref: false })]);
    this.#server.closeAllConnections();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const end = new CallEnd();
    // HTTP/1.1 has no way to give up one call but to close the connection, as a process that dies does. So it is lost.
    response.once("close", () => {
      if (!response.writableFinished) end.lose();
    });
    // One call at a time: the limit of its message is the limit of them all.
    this.#handle(request, response, { end, room: new RequestRoom(Infinity) });
  }
}
