import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
  type Settings,
} from "node:http2";
import type { Socket } from "node:net";
import type { Clock } from "@durabletask/core";
import { longestTimerMs } from "@durabletask/core/spi";
import { openSocket } from "./client-socket.ts";

/** How long things may take, and what HTTP/2 is told. */
export interface SessionSettings {
  /** A connection that is silent for so long is pinged if there are calls on it, and closed if there are none. */
  readonly pingIntervalMs: number;
  /** How long a ping may go unanswered. */
  readonly pingTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** What it waits on. It must not keep the process alive. */
  readonly clock: Clock;
  readonly http2: SecureClientSessionOptions;
}

/** What the owner of a session has to know. */
export interface SessionEvents {
  /** The other side has said how many calls it takes at a time: so many are begun on a connection. */
  roomKnown(calls: number): void;
  tooManyPings(): void;
  ended(): void;
}

/** What may be on its way to one call, and to all of one connection, before somebody reads it. */
const streamWindowBytes = 1 << 20;
const sessionWindowBytes = 1 << 22;

/** How long the other side has to take what was said last, and to close as well. */
const lastWordsMs = 500;

/**
 * - `open`: takes calls. That includes connecting: Node.js holds requests until the connection stands.
 * - `draining`: the server said GOAWAY, or nobody used it; the calls on it end, new ones go elsewhere.
 * - `ended`: gone, with every call on it.
 */
type State = "open" | "draining" | "ended";

/**
 * One HTTP/2 connection, watched.
 *
 * Owns its socket and its timers. Invariants: it keeps the process alive exactly while calls are open on it; it is pinged only
 * while calls are open, and only when nothing was received for a whole interval, as gRPC's A8 asks; each end of it, whatever
 * the reason, is told once.
 */
export class Session {
  readonly #socket: Socket;
  readonly #http2: ClientHttp2Session;
  readonly #settings: SessionSettings;
  readonly #events: SessionEvents;
  #state: State = "open";
  #calls = 0;
  /** How many calls are begun on it, at most. */
  #room: number;
  #isConnected = false;
  /** Whether the other side has said anything in HTTP/2, which begins with its settings. */
  #isAnswered = false;
  /** What had been received at the last look. Whatever comes shows that the other side lives. */
  #bytesRead = 0;
  /** When the last call ended. */
  #idleSince: number;
  /** Whether a ping is on its way. */
  #isPinged = false;
  #cancelLook = (): void => {};
  #cancelDeadline = (): void => {};
  #cancelHangUp = (): void => {};

  /** `room` is that of the connections before it, until the other side has said how many calls it takes on this one. */
  constructor(origin: string, settings: SessionSettings, room: number, events: SessionEvents) {
    this.#room = room;
    this.#settings = settings;
    this.#events = events;
    this.#idleSince = settings.clock.now();
    this.#socket = openSocket(origin, settings.http2);
    this.#http2 = connect(origin, {
      createConnection: () => this.#socket,
      // Its default, 10 MB, refuses calls when a few large messages are on their way.
      maxSessionMemory: Number.MAX_SAFE_INTEGER,
      ...settings.http2,
      settings: {
        enablePush: false,
        initialWindowSize: streamWindowBytes,
        ...settings.http2.settings,
      },
    });
    this.#expect(settings.connectTimeoutMs, "the connection was not established in time");
    this.#http2.once("connect", () => this.#connected());
    this.#http2.on("remoteSettings", (answer) => this.#answered(answer));
    this.#http2.on("goaway", (code, _last, data) => this.#wentAway(code, data));
    this.#http2.once("close", () => this.#ended());
    // Each call on it gets the error too, and reports it.
    this.#http2.on("error", () => {});
  }

  /** Whether it takes calls. After a long time without any, it may be dead without knowing: a sleeping laptop's timers slept too. */
  get isUsable(): boolean {
    if (this.#state !== "open" || this.#http2.closed || this.#http2.destroyed) return false;
    const { clock, pingIntervalMs } = this.#settings;
    return this.#calls > 0 || clock.now() - this.#idleSince < pingIntervalMs;
  }

  /**
   * Whether it takes another call at once. Calls above the limit of the other side would wait behind waits that only they can end.
   *
   * Half of the limit is room: a server on Node.js counts calls that were reset until its event loop comes round, and refuses what
   * comes in their place, as when the time limits of many waits are over at the same moment and all are made anew.
   */
  get hasRoom(): boolean {
    return this.#calls < this.#room;
  }

  /** Opens a call. */
  request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    const stream = this.#http2.request(headers, { endStream: false });
    this.#calls += 1;
    if (this.#calls === 1) this.#http2.ref();
    // It comes once. To listen with `once` takes longer: it takes the listener away, and Node.js tells of that.
    stream.on("close", this.#callEnded);
    return stream;
  }

  /** Takes no more calls, and ends when those on it have ended. */
  drain(): void {
    if (this.#state !== "open") return;
    this.#state = "draining";
    this.#endIfDrained();
  }

  /** Ends it with all calls on it, which fail with this error. */
  destroy(error: Error): void {
    this.#http2.destroy(error, constants.NGHTTP2_CANCEL);
    this.#hangUp();
  }

  #connected(): void {
    this.#isConnected = true;
    this.#cancelDeadline();
    const socket = this.#socket;
    // Before Node.js's own listeners, to which this is an end like any other.
    socket.prependOnceListener("error", (error) => {
      if ("code" in error && error.code === "ECONNRESET") this.#brokeOff();
    });
    socket.prependOnceListener("close", () => this.#brokeOff());
    if (this.#calls === 0) this.#http2.unref();
    this.#http2.setLocalWindowSize(sessionWindowBytes);
    this.#lookLater();
  }

  #answered({ maxConcurrentStreams = Infinity }: Settings): void {
    this.#isAnswered = true;
    this.#room = Math.max(1, Math.floor(maxConcurrentStreams / 2));
    this.#events.roomKnown(this.#room);
  }

  /** A server that expects TLS, or something else than HTTP/2, hangs up on what it hears: calls fail with that. */
  #brokeOff(): void {
    if (this.#isAnswered || this.#http2.destroyed) return;
    const error = new Error("it closed the connection without a word");
    this.destroy(Object.assign(error, { code: "EPROTO" }));
  }

  #lookLater(): void {
    const { clock, pingIntervalMs } = this.#settings;
    if (pingIntervalMs > longestTimerMs) return;
    this.#cancelLook = clock.schedule(() => this.#look(), pingIntervalMs);
  }

  #look(): void {
    // Its end is on the way.
    if (this.#http2.destroyed) return;
    this.#lookLater();
    const { bytesRead } = this.#socket;
    if (bytesRead !== this.#bytesRead) this.#bytesRead = bytesRead;
    else if (this.#calls === 0) this.drain();
    else if (!this.#isPinged) this.#ping();
  }

  #ping(): void {
    this.#isPinged = true;
    this.#expect(this.#settings.pingTimeoutMs, "a ping was not answered");
    this.#http2.ping((error) => {
      // An error comes with the end of the connection, which each call is told of.
      if (error !== null) return;
      this.#isPinged = false;
      this.#cancelDeadline();
    });
  }

  #expect(withinMs: number, otherwise: string): void {
    this.#cancelDeadline = this.#settings.clock.schedule(
      () => this.destroy(Object.assign(new Error(otherwise), { code: "ETIMEDOUT" })),
      Math.min(withinMs, longestTimerMs),
    );
  }

  #wentAway(code: number, data: Buffer | undefined): void {
    if (data?.toString("latin1") === "too_many_pings") this.#events.tooManyPings();
    if (code === constants.NGHTTP2_NO_ERROR) this.drain();
  }

  readonly #callEnded = (): void => {
    this.#calls -= 1;
    if (this.#calls > 0) return;
    this.#idleSince = this.#settings.clock.now();
    this.#http2.unref();
    this.#endIfDrained();
  };

  /** Node.js lets a connection stand that went away without calls. */
  #endIfDrained(): void {
    if (this.#state !== "draining" || this.#calls > 0) return;
    this.#http2.destroy();
    this.#hangUp();
  }

  /**
   * Node.js ends a connection once the other side has taken what is being sent, and, where that one said GOAWAY, has closed as well; one
   * that is being made, once it stands. Of a side that is stuck or out of reach none of it ever comes.
   */
  #hangUp(): void {
    const hangUp = (): void => void this.#socket.destroy();
    this.#cancelHangUp();
    if (this.#isConnected) this.#cancelHangUp = this.#settings.clock.schedule(hangUp, lastWordsMs);
    else hangUp();
  }

  #ended(): void {
    this.#state = "ended";
    this.#cancelLook();
    this.#cancelDeadline();
    this.#cancelHangUp();
    this.#events.ended();
  }
}
