import type { ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import { TaskHubError } from "@durabletask/core";
import { Session, type SessionSettings } from "./session.ts";

/**
 * - `idle`: no HTTP/2 connection takes calls; the next call makes one.
 * - `connected`: one does.
 * - `closed`: for good, by the user.
 */
type State =
  | { readonly kind: "idle" }
  | { readonly kind: "connected"; readonly session: Session }
  | { readonly kind: "closed"; readonly error: TaskHubError };

/**
 * The way to one server: at any time at most one HTTP/2 connection that takes new calls, beside those that went away and
 * still have calls to end.
 */
export class Connection {
  /** Such as `http://localhost:4001`. */
  readonly origin: string;
  #settings: SessionSettings;
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
    if (state.kind === "connected") {
      if (state.session.isUsable) return state.session;
      state.session.drain();
    }
    const session: Session = new Session(this.origin, this.#settings, {
      tooManyPings: () => this.#pingLess(),
      ended: () => this.#sessions.delete(session),
    });
    this.#sessions.add(session);
    this.#state = { kind: "connected", session };
    return session;
  }

  /** As gRPC's A8 asks. */
  #pingLess(): void {
    const { pingIntervalMs } = this.#settings;
    this.#settings = { ...this.#settings, pingIntervalMs: pingIntervalMs * 2 };
  }
}
