import { doubling, sleep } from "../backoff.ts";
import type { Clock } from "../clock.ts";
import { TaskHubError, type TaskHubErrorCode } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { CallOptions } from "../transport.ts";
import { Answers } from "./answers.ts";
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

/** What came of a work item, as it is delivered. */
export interface Completion {
  readonly send: (options: CallOptions) => Promise<unknown>;
  readonly abandon: () => Promise<unknown>;
  /** What the log says of it. */
  readonly fields: Readonly<Record<string, unknown>>;
  /**
   * For what may be too large for the hub: called in place of `abandon` once the hub has refused it, since handed out again the
   * item would come to the same.
   */
  readonly refused?: ((refusal: unknown) => Promise<unknown>) | undefined;
}

/** Brings what came of a work item to the hub. */
export class Delivery {
  readonly #options: DeliveryOptions;
  /** First tries, as most completions need no other. */
  readonly answers: Answers = new Answers();
  /** How the hub is called with what came of an item. */
  readonly call: CallOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.call = { timeoutMs: answerMs, signal: options.signal };
  }

  /** Work that was under way when a stream was lost. */
  get carried(): CarriedWork {
    return this.#options.carried;
  }

  /**
   * Completes a work item whose first try, by the caller, has failed with `error`: 9 tries more, 200 ms doubling to 15 s, or as
   * soon as the worker is connected again; then it is abandoned, so that the hub hands it out again. Gives whether the completion
   * was acknowledged. Never rejects.
   *
   * The first try is the caller's, so that nothing of this is made for completions that succeed at once.
   */
  async retry(error: unknown, { send, abandon, fields, refused }: Completion): Promise<boolean> {
    const { clock, signal, connecting } = this.#options;
    let refusal = error;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      this.#warn(refusal, attempt, fields);
      const code = refusal instanceof TaskHubError ? refusal.code : undefined;
      // The hub knows nothing of it: there is nothing to be handed back.
      if (code === "NOT_FOUND") return false;
      if (code !== undefined && hopeless.has(code)) break;
      if (code === "RESOURCE_EXHAUSTED" && refused !== undefined) break;
      // However long the hub is away: what it may have lost is delivered when it is back.
      await (connecting() ?? sleep(clock, doubling(attempt - 1, 200, 15_000), signal));
      if (attempt === attempts || signal.aborted) break;
      try {
        await send(this.call);
        return true;
      } catch (thrown) {
        refusal = thrown;
      }
    }
    const isRefused = refused !== undefined && !signal.aborted && !isAbsent(refusal);
    await this.abandon(isRefused ? () => refused(refusal) : abandon, fields);
    return false;
  }

  /** Completes a work item, the first try included. */
  async complete(completion: Completion): Promise<boolean> {
    try {
      await completion.send(this.call);
      return true;
    } catch (error) {
      return await this.retry(error, completion);
    }
  }

  #warn(error: unknown, attempt: number, fields: Completion["fields"]): void {
    this.#options.logger.warn?.(
      { event: "completion.refused", ...fields, attempt, error },
      "a completion was not accepted",
    );
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

/** The hub was not there, or not well: that says nothing about what was sent. */
function isAbsent(error: unknown): boolean {
  return (
    error instanceof TaskHubError &&
    (error.code === "UNAVAILABLE" || error.code === "DEADLINE_EXCEEDED")
  );
}
