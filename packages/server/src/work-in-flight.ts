import type { WorkItem } from "@durabletask/protobuf";

/** What of one stream of work is not answered yet: its completion tokens. */
export type StreamTokens = Set<string>;

/**
 * The work that workers are at, by completion token, so that a server that closes can wait for its results. Results
 * without a token (older SDKs) cannot be told from here; they are waited for as long as the server waits at all.
 */
export class WorkInFlight {
  readonly #streams = new Map<string, StreamTokens>();
  #whenEmpty: (() => void) | undefined;

  handedOut({ completionToken }: WorkItem, tokens: StreamTokens): void {
    if (!completionToken) return;
    tokens.add(completionToken);
    this.#streams.set(completionToken, tokens);
  }

  /** A result has come, or the work itself has come back. */
  answered(completionToken: string): void {
    this.#streams.get(completionToken)?.delete(completionToken);
    this.#streams.delete(completionToken);
    if (this.#streams.size === 0) this.#whenEmpty?.();
  }

  /** The stream is gone, and with it who was at its work. */
  forget(tokens: StreamTokens): void {
    for (const token of tokens) this.answered(token);
  }

  /** Resolves when nothing is in flight. */
  empty(): Promise<void> {
    if (this.#streams.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
    });
  }
}
