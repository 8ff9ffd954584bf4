import type { ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import { TaskHubError } from "@durabletask/core";
import { Session, type SessionSettings } from "./session.ts";

/**
 * - `idle`: no HTTP/2 connection takes calls; the next call makes one.
 * - `connected`: one does, the last that was taken.
 * - `closed`: for good, by the user.
 */
type State =
  | { readonly kind: "idle" }
  | { readonly kind: "connected"; readonly session: Session }
  | { readonly kind: "closed"; readonly error: TaskHubError };

/**
 * The way to one server: an HTTP/2 connection, and others where more calls are open at a time than the server takes on one; beside
 * them those that went away and still have calls to end.
 */
export class Connection {
  /** Such as `http://localhost:4001`. */
  readonly origin: string;
  #settings: SessionSettings;
  /** Calls that are begun on a connection whose other side has not said how many it takes. RFC 9113 wants no server to take fewer. */
  #room = 100;
  #state: State = { kind: "idle" };
  /** All that have not ended. */
  readonly #sessions = new Set<Session>();

  constructor(origin: string, settings: SessionSettings) {
    this.origin = origin;
    this.#settings = settings;
  }

  /** Opens a call, and a connection if there is none. Throws once it is closed. */
  request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    return this.#session().request(headers);
  }

  /** Ends all connections, with all calls on them. */
  close(): void {
    if (this.#state.kind === "closed") return;
    const message = `the transport to ${this.origin} is closed: open another, or close it later`;
    const error = new TaskHubError("CANCELLED", message);
    this.#state = { kind: "closed", error };
    for (const session of this.#sessions) session.destroy(error);
  }

  /** Why calls end or cannot begin, once it is closed. */
  get closedBecause(): TaskHubError | undefined {
    return this.#state.kind === "closed" ? this.#state.error : undefined;
  }

  #session(): Session {
    const state = this.#state;
    if (state.kind === "closed") throw state.error;
    // Most calls come by here, and need to look no further.
    if (state.kind === "connected" && state.session.isUsable && state.session.hasRoom) {
      return state.session;
    }
    const session = this.#roomy() ?? this.#open();
    this.#state = { kind: "connected", session };
    return session;
  }

  /** The oldest that takes another call. Those that nobody uses any more are closed on the way. */
  #roomy(): Session | undefined {
    for (const session of this.#sessions) {
      if (!session.isUsable) session.drain();
      else if (session.hasRoom) return session;
    }
    return undefined;
  }

  #open(): Session {
    const session: Session = new Session(this.origin, this.#settings, this.#room, {
      roomKnown: (calls) => (this.#room = calls),
      tooManyPings: () => this.#pingLess(),
      ended: () => this.#sessions.delete(session),
    });
    this.#sessions.add(session);
    return session;
  }

  /** As gRPC's A8 asks. */
  #pingLess(): void {
    const { pingIntervalMs } = this.#settings;
    this.#settings = { ...this.#settings, pingIntervalMs: pingIntervalMs * 2 };
  }
}
