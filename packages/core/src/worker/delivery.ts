import type { Clock } from "../clock.ts";
import { TaskHubError, type TaskHubErrorCode } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { doubling, sleep } from "./backoff.ts";

/** Codes after which the same completion may succeed: it is fenced by its token, so a repetition does no harm. */
const transient: ReadonlySet<TaskHubErrorCode> = new Set([
  "DEADLINE_EXCEEDED",
  "INTERNAL",
  "UNAVAILABLE",
  "UNKNOWN",
]);

const attempts = 10;

/** Brings what came of a work item to the hub. */
export class Delivery {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Aborted once the worker has no more time: what is still to be delivered is given up. */
  readonly #signal: AbortSignal;

  constructor(clock: Clock, logger: Logger, signal: AbortSignal) {
    this.#clock = clock;
    this.#logger = logger;
    this.#signal = signal;
  }

  /**
   * Completes a work item: 10 tries, 200 ms doubling to 15 s; then it is abandoned, so that the hub hands it out again.
   * Gives whether the completion was acknowledged. Never rejects.
   */
  async complete(
    send: () => Promise<unknown>,
    abandon: () => Promise<unknown>,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    for (let attempt = 0; attempt < attempts && !this.#signal.aborted; attempt += 1) {
      try {
        await send();
        return true;
      } catch (error) {
        this.#logger.warn?.(
          { ...fields, attempt: attempt + 1, error },
          "a completion was not accepted",
        );
        if (!(error instanceof TaskHubError) || !transient.has(error.code)) break;
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
      this.#logger.warn?.({ ...fields, error }, "a work item could not be handed back");
    }
  }
}
