import type { Clock } from "../clock.ts";
import { TaskHubError, type TaskHubErrorCode } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { CallOptions } from "../transport.ts";
import { doubling, sleep } from "../backoff.ts";

/** Codes after which the same completion cannot succeed. After all else it may: its token fences it against repetition. */
const hopeless: ReadonlySet<TaskHubErrorCode> = new Set([
  "FAILED_PRECONDITION",
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "PERMISSION_DENIED",
  "UNAUTHENTICATED",
  "UNIMPLEMENTED",
]);

/** How long the hub may take to answer. */
const answerMs = 30_000;

const attempts = 10;

/** Brings what came of a work item to the hub. */
export class Delivery {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Aborted once the worker has no more time: what is still to be delivered is given up. */
  readonly #signal: AbortSignal;
  readonly #options: CallOptions;

  constructor(clock: Clock, logger: Logger, signal: AbortSignal) {
    this.#clock = clock;
    this.#logger = logger;
    this.#signal = signal;
    this.#options = { timeoutMs: answerMs, signal };
  }

  /**
   * Completes a work item: 10 tries, 200 ms doubling to 15 s; then it is abandoned, so that the hub hands it out again.
   * Gives whether the completion was acknowledged. Never rejects.
   */
  async complete(
    send: (options: CallOptions) => Promise<unknown>,
    abandon: () => Promise<unknown>,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    for (let attempt = 0; attempt < attempts && !this.#signal.aborted; attempt += 1) {
      try {
        await send(this.#options);
        return true;
      } catch (error) {
        this.#logger.warn?.(
          { event: "completion.refused", ...fields, attempt: attempt + 1, error },
          "a completion was not accepted",
        );
        if (error instanceof TaskHubError && hopeless.has(error.code)) break;
      }
      await sleep(this.#clock, doubling(attempt, 200, 15_000), this.#signal);
    }
    await this.abandon(abandon, fields);
    return false;
  }

  /** Hands a work item back, once: if that fails too, the hub finds out when the stream ends. Never rejects. */
  async abandon(
    send: () => Promise<unknown>,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    try {
      await send();
    } catch (error) {
      this.#logger.warn?.(
        { event: "abandon.refused", ...fields, error },
        "a work item could not be handed back",
      );
    }
  }
}
