import { doubling, sleep } from "../backoff.ts";
import type { Clock } from "../clock.ts";
import { TaskHubError, type TaskHubErrorCode } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { CallOptions } from "../transport.ts";
import type { CarriedWork } from "./carried-work.ts";

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

/** What a delivery needs of its worker. */
export interface DeliveryOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted once the worker has no more time: what is still to be delivered is given up. */
  readonly signal: AbortSignal;
  readonly carried: CarriedWork;
  /** While the worker connects again: resolves when it has, or has given up. */
  readonly connecting: () => Promise<void> | undefined;
}

/** Brings what came of a work item to the hub. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #call: CallOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#call = { timeoutMs: answerMs, signal: options.signal };
  }

  /** Work that was under way when a stream was lost. */
  get carried(): CarriedWork {
    return this.#options.carried;
  }

  /**
   * Completes a work item: 10 tries, 200 ms doubling to 15 s, or as soon as the worker is connected again; then it is
   * abandoned, so that the hub hands it out again. Gives whether the completion was acknowledged. Never rejects.
   */
  async complete(
    send: (options: CallOptions) => Promise<unknown>,
    abandon: () => Promise<unknown>,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    const { clock, logger, signal, connecting } = this.#options;
    for (let attempt = 0; attempt < attempts && !signal.aborted; attempt += 1) {
      try {
        await send(this.#call);
        return true;
      } catch (error) {
        logger.warn?.(
          { event: "completion.refused", ...fields, attempt: attempt + 1, error },
          "a completion was not accepted",
        );
        const code = error instanceof TaskHubError ? error.code : undefined;
        // The hub knows nothing of it: there is nothing to be handed back.
        if (code === "NOT_FOUND") return false;
        if (code !== undefined && hopeless.has(code)) break;
      }
      // However long the hub is away: what it may have lost is delivered when it is back.
      await (connecting() ?? sleep(clock, doubling(attempt, 200, 15_000), signal));
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
      this.#options.logger.warn?.(
        { event: "abandon.refused", ...fields, error },
        "a work item could not be handed back",
      );
    }
  }
}
