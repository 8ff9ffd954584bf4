import { availableParallelism } from "node:os";
import { type Clock, systemClock } from "../clock.ts";
import { type PayloadConverter, jsonConverter } from "../converter.ts";
import { type Duration, durationToMs } from "../duration.ts";
import { InvalidArgumentError } from "../errors.ts";
import { type Logger, defaultLogger } from "../logger.ts";

/** How many work items of each kind a worker runs at the same time. */
export interface Concurrency {
  /** Turns of orchestrations. Default: 100 for each processor. */
  readonly orchestrations?: number | undefined;
  /** Activities. Default: 100 for each processor. */
  readonly activities?: number | undefined;
}

/** How many idle orchestrations a worker keeps in memory, so that their next turn needs no replay. */
export interface SessionLimits {
  /** Orchestrations at most. Default: 1,000. */
  readonly count?: number | undefined;
}

/** How a worker works. */
export interface TaskHubWorkerOptions {
  readonly concurrency?: Concurrency | undefined;
  /** Default: warnings and errors to stderr. */
  readonly logger?: Logger | undefined;
  /** How long `stop()` lets work that has begun come to its end. Default: 30 seconds. */
  readonly shutdownTimeout?: Duration | undefined;
  /**
   * A longer timer becomes a chain of timers of at most this length. Default: 3 days, as in .NET. Change it only while
   * no longer timer is pending.
   */
  readonly maximumTimerInterval?: Duration | undefined;
  /** `false` replays the whole history at each turn. */
  readonly sessions?: SessionLimits | false | undefined;
  /** What becomes of an instance whose code no longer fits its history. Default: it fails. */
  readonly onNonDeterminism?: "fail" | "abandon" | undefined;
  /** How values become payloads. Default: JSON. */
  readonly converter?: PayloadConverter | undefined;
  /** What waits between tries waits on it. Default: the platform's clock. */
  readonly clock?: Clock | undefined;
}

/** The options with their defaults, validated. */
export interface WorkerSettings {
  readonly orchestrations: number;
  readonly activities: number;
  readonly logger: Logger;
  readonly shutdownTimeoutMs: number;
  readonly maximumTimerIntervalMs: number;
  readonly sessionCount: number;
  readonly onNonDeterminism: "fail" | "abandon";
  readonly converter: PayloadConverter;
  readonly clock: Clock;
}

/** Throws `InvalidArgumentError` for what cannot be. */
export function workerSettings(options: TaskHubWorkerOptions): WorkerSettings {
  const perKind = 100 * availableParallelism();
  const { concurrency = {}, sessions = {} } = options;
  const maximumTimerInterval = options.maximumTimerInterval ?? { days: 3 };
  return {
    orchestrations: positive(concurrency.orchestrations ?? perKind, "concurrency.orchestrations"),
    activities: positive(concurrency.activities ?? perKind, "concurrency.activities"),
    logger: options.logger ?? defaultLogger,
    shutdownTimeoutMs: durationToMs(options.shutdownTimeout ?? { seconds: 30 }, "shutdownTimeout"),
    maximumTimerIntervalMs: positive(
      durationToMs(maximumTimerInterval, "maximumTimerInterval"),
      "maximumTimerInterval",
    ),
    sessionCount: sessions === false ? 0 : positive(sessions.count ?? 1000, "sessions.count"),
    onNonDeterminism: options.onNonDeterminism ?? "fail",
    converter: options.converter ?? jsonConverter,
    clock: options.clock ?? systemClock,
  };
}

function positive(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(`${what} is ${value}; it must be a whole number above 0`);
}
