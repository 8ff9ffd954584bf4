import { TaskHubError } from "@durabletask/core";

/** Who ended a call from outside: its caller no longer wants it, or the connection is lost. */
export type EndedBy = "caller" | "connection";

/**
 * How a call ends from outside, if it does. A task hub treats a stream that was closed and one that was lost differently
 * (rule 17 of decisions/050), so this keeps them apart. The first one counts.
 */
export class CallEnd {
  readonly #given = new AbortController();
  #by: EndedBy | undefined;
  #callback: ((by: EndedBy) => void) | undefined;

  /** What the transport is given: aborts when the connection is lost, or when the server gives the call up. */
  get signal(): AbortSignal {
    return this.#given.signal;
  }

  /** Calls back when the call has ended from outside; at once, if it has already. */
  whenEnded(callback: (by: EndedBy) => void): void {
    this.#callback = callback;
    if (this.#by) callback(this.#by);
  }

  /** The caller has closed it. */
  close(): void {
    this.#end("caller");
  }

  /** Nothing can be sent any more. */
  lose(): void {
    this.#end("connection");
  }

  /** Aborts the signal: the server no longer waits, whether the caller does or not. */
  abort(reason: TaskHubError): void {
    this.#given.abort(reason);
  }

  /** The call is answered: what happens to its stream from here on is no end of it. */
  settle(): void {
    this.#callback = undefined;
  }

  #end(by: EndedBy): void {
    if (this.#by) return;
    this.#by = by;
    if (by === "connection") this.abort(connectionLost());
    this.#callback?.(by);
  }
}

function connectionLost(): TaskHubError {
  return new TaskHubError("UNAVAILABLE", "The connection of the call was lost.");
}
