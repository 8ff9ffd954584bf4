import type { Clock } from "../clock.ts";
import type { PayloadConverter } from "../converter.ts";
import type { Duration } from "../duration.ts";
import type { Logger } from "../logger.ts";

/** How a client works. */
export interface TaskHubClientOptions {
  /** The version of orchestrations that are scheduled without one. Default: none. */
  readonly defaultVersion?: string | undefined;
  /** How values become payloads. Default: JSON. */
  readonly converter?: PayloadConverter | undefined;
  /** Default: warnings and errors to stderr. What the client does is logged as `debug`. */
  readonly logger?: Logger | undefined;
  /** Time limits of waits are measured on it. Default: the platform's clock. */
  readonly clock?: Clock | undefined;
}

/** What to fetch of an orchestration's state. */
export interface GetOptions {
  /** Whether to fetch input, output and custom status. Default: true. */
  readonly fetchPayloads?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How long to wait for an orchestration. */
export interface WaitForOptions extends GetOptions {
  /** After this the wait fails with `DEADLINE_EXCEEDED`; the orchestration goes on. Default: no limit. */
  readonly timeout?: Duration | undefined;
}

/** What accompanies a call that has no more to say. */
export interface SignalOptions {
  /** Aborting it gives the call up; whether it had an effect is then unknown. */
  readonly signal?: AbortSignal | undefined;
}

/** Why an orchestration is suspended or resumed. */
export interface ReasonOptions extends SignalOptions {
  /** Kept in the history. */
  readonly reason?: string | undefined;
}

/** How an orchestration is ended from outside. */
export interface TerminateOptions extends SignalOptions {
  /** What is kept as its output. */
  readonly output?: unknown;
  /** Whether its children are terminated too. Default: false. */
  readonly recursive?: boolean | undefined;
}

/** How orchestrations are purged. */
export interface PurgeOptions extends SignalOptions {
  /** Whether their children are purged too. Default: false. */
  readonly recursive?: boolean | undefined;
}

/** How an orchestration is started again. */
export interface RestartOptions extends SignalOptions {
  /** Whether under a new id. Default: false. */
  readonly newInstanceId?: boolean | undefined;
}

/** What was purged. */
export interface PurgeResult {
  readonly deletedInstanceCount: number;
}
