import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { constants } from "node:http2";
import type { Socket } from "node:net";
import { CallEnd } from "./call-end.ts";
import type { ServerLogEvent } from "./log-event.ts";
import { RequestRoom } from "./request-room.ts";
import type { Settings } from "./settings.ts";

/** How long a client has to end a request that was answered before its end. */
const restMs = 1000;

/**
 * One HTTP/2 connection: whether it still lives, and what the end of its streams means.
 *
 * - Pinged at every interval; lost when a ping is not answered in time, or when its socket closes. Node.js then closes its
 *   streams with CANCEL, as if their callers had: so a stream that closes on a lost connection is lost, whatever its code.
 * - Closed politely when it has had no streams for a while.
 */
export class Http2Connection {
  /** For the requests that come by it. */
  readonly room: RequestRoom;
  readonly #session: ServerHttp2Session;
  readonly #socket: Socket;
  readonly #settings: Settings;
  readonly #peer: string;
  #isLost = false;
  #streams = 0;
  #idleSince: number;
  #cancelKeepAlive: () => void;

  constructor(session: ServerHttp2Session, socket: Socket, settings: Settings) {
    this.#session = session;
    this.#socket = socket;
    this.#settings = settings;
    this.room = new RequestRoom(2 * settings.limits.maxMessageBytes);
    this.#peer = peerOf(socket);
    this.#idleSince = settings.clock.now();
    // Before Node.js's own listener, which closes the streams.
    socket.prependOnceListener("close", () => this.#lose());
    session.once("error", (error) => this.#failed(error));
    session.once("close", () => this.#closed());
    this.#cancelKeepAlive = settings.clock.schedule(this.#keepAlive, settings.keepAliveIntervalMs);
    this.#say("debug", "server.connection-opened", "a connection was opened");
  }

  /** Watches over a stream of this connection: tells how its call ends. */
  endOf(stream: ServerHttp2Stream): CallEnd {
    const end = new CallEnd();
    this.#streams++;
    // Both come once. To listen with `once` takes longer: it takes the listener away, and Node.js tells of that.
    stream.on("finish", () => this.#closeRest(stream));
    stream.on("close", () => {
      this.#streams--;
      this.#idleSince = this.#settings.clock.now();
      if (!this.#isLost && isClosedByCaller(stream.rstCode)) end.close();
      else end.lose();
    });
    return end;
  }

  /**
   * What a client goes on to send after its answer is for nobody (RFC 9113, 8.1). Not at once: a reset could overtake the
   * end of the answer.
   */
  #closeRest(stream: ServerHttp2Stream): void {
    if (stream.readableEnded || stream.closed) return;
    const close = () => stream.close(constants.NGHTTP2_NO_ERROR);
    stream.once("close", this.#settings.clock.schedule(close, restMs));
  }

  /** Lets streams end, and closes; after `graceMs` whether they have ended or not. */
  async close(graceMs: number): Promise<void> {
    if (this.#session.destroyed) return;
    const closed = new Promise<void>((resolve) => this.#session.once("close", resolve));
    const cancel = this.#settings.clock.schedule(this.#breakOff, graceMs);
    this.#session.close();
    await closed;
    cancel();
  }

  readonly #keepAlive = (): void => {
    const { clock, keepAliveIntervalMs, keepAliveTimeoutMs, idleTimeoutMs } = this.#settings;
    // Its end is on the way for so long already.
    if (this.#session.destroyed) return this.#breakOff();
    if (this.#streams === 0 && clock.now() - this.#idleSince >= idleTimeoutMs) {
      this.#session.close();
      // Its peer may never close its side.
      this.#cancelKeepAlive = clock.schedule(this.#breakOff, keepAliveTimeoutMs);
      return undefined;
    }
    this.#cancelKeepAlive = clock.schedule(this.#giveUp, keepAliveTimeoutMs);
    // Closing already: what is left of it has the time of a ping.
    if (this.#session.closed) return undefined;
    this.#session.ping((error) => {
      if (error) return;
      this.#cancelKeepAlive();
      this.#cancelKeepAlive = clock.schedule(this.#keepAlive, keepAliveIntervalMs);
    });
    return undefined;
  };

  readonly #giveUp = (): void => {
    this.#lose();
    this.#say("info", "server.connection-lost", "a connection did not answer a ping");
    this.#breakOff();
  };

  /**
   * With its socket. The session alone waits until its peer has taken what is being sent, and has closed its side, too: one that is
   * stuck, or out of reach, never does.
   */
  readonly #breakOff = (): void => {
    this.#session.destroy();
    this.#socket.destroy();
  };

  #lose(): void {
    this.#isLost = true;
  }

  #failed(error: Error): void {
    this.#lose();
    const fields = { peer: this.#peer, error };
    const message = "a connection broke the rules of HTTP/2, or broke off";
    this.#settings.log.write("info", "server.connection-failed", message, fields);
  }

  #closed(): void {
    this.#cancelKeepAlive();
    this.#say("debug", "server.connection-closed", "a connection was closed");
  }

  #say(level: "debug" | "info", event: ServerLogEvent, message: string): void {
    this.#settings.log.write(level, event, message, { peer: this.#peer });
  }
}

/** A worker that stops resets its stream with CANCEL; some say that there was no error. */
function isClosedByCaller(rstCode: number | undefined): boolean {
  return rstCode === constants.NGHTTP2_CANCEL || rstCode === constants.NGHTTP2_NO_ERROR;
}

export function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? "unknown"}:${remotePort ?? 0}`;
}
