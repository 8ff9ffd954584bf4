import { availableParallelism } from "node:os";
import type { TaskFailureDetails } from "@durabletask/protobuf";
import { type Clock, systemClock } from "../clock.ts";
import { type PayloadConverter, jsonConverter } from "../converter.ts";
import { type Duration, durationToMs } from "../duration.ts";
import { InvalidArgumentError } from "../errors.ts";
import {
  type FailureConverter,
  failureDetails,
  failureOf,
  type FailureProperties,
  failureToWire,
} from "../failure.ts";
import { defaultLogger, guardLogger, type Logger } from "../logger.ts";
import { positive } from "../positive.ts";

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
  /** Bytes of history that they have seen, all together. Default: 64 MiB. */
  readonly bytes?: number | undefined;
}

/** Which versions of orchestrations a worker takes, and what it does with the others. */
export interface WorkerVersioning {
  /** The worker's own version. Default: none, which takes everything. */
  readonly version?: string | undefined;
  /** The version of children that are called without one; a parent's version is not inherited. Default: none. */
  readonly defaultVersion?: string | undefined;
  /**
   * Which orchestrations fit: all (`"none"`), those of exactly this version (`"strict"`), or those of this version and
   * older ones (`"currentOrOlder"`). See `compareVersions`. Default: `"none"`.
   */
  readonly matchStrategy?: "none" | "strict" | "currentOrOlder" | undefined;
  /**
   * What becomes of one that does not fit: it is handed back for another worker (`"reject"`), or it fails with
   * `VersionMismatch` (`"fail"`). Default: `"reject"`.
   */
  readonly failureStrategy?: "reject" | "fail" | undefined;
}

/** Work by name. A kind that is left out, or empty, is not taken at all. */
export interface WorkItemFilters {
  readonly orchestrations?: readonly WorkItemFilter[] | undefined;
  readonly activities?: readonly WorkItemFilter[] | undefined;
}

/** Orchestrations or activities of one name. */
export interface WorkItemFilter {
  readonly name: string;
  /** Default: all versions. An empty one stands for none. */
  readonly versions?: readonly string[] | undefined;
}

/** How a worker works. */
export interface TaskHubWorkerOptions {
  readonly concurrency?: Concurrency | undefined;
  /** Default: warnings and errors to stderr. */
  readonly logger?: Logger | undefined;
  /** How long `stop()` lets work that has begun come to its end. Default: 30 seconds. */
  readonly shutdownTimeout?: Duration | undefined;
  /**
   * A longer timer becomes a chain of timers of at most this length. Default: 3 days, as in .NET. A change holds for links that
   * are yet to be made.
   */
  readonly maximumTimerInterval?: Duration | undefined;
  /** `false` replays the whole history at each turn. */
  readonly sessions?: SessionLimits | false | undefined;
  /** What becomes of an instance whose code no longer fits its history. Default: it fails. */
  readonly onNonDeterminism?: "fail" | "abandon" | undefined;
  /** Which versions of orchestrations it takes. Default: all. */
  readonly versioning?: WorkerVersioning | undefined;
  /**
   * Which work the hub is asked for: what is registered (`"auto"`), everything (`"none"`), or what is named here. What no connected worker asks for
   * waits, where otherwise a worker takes it and fails it as unknown. Default: `"auto"` for a worker with a
   * `versioning.version`, so that a rolling deployment fails nothing; otherwise everything.
   */
  readonly workItemFilters?: "auto" | "none" | WorkItemFilters | undefined;
  /**
   * Watches the event loop from a second thread: names on stderr the orchestrator or activity that has held it for so long
   * (`true`: 10 seconds). Code that loops without awaiting cannot be interrupted, only found. Default: off.
   */
  readonly watchdog?: boolean | Duration | undefined;
  /** Facts that go with the failures of this worker's activities and orchestrations. Default: none. */
  readonly failureProperties?: FailureProperties | undefined;
  /** Changes failures on their way out, properties included. Default: they go out as they are. */
  readonly failureConverter?: FailureConverter | undefined;
  /**
   * `"dotnet"` sends and reads inputs of activities as .NET does, as the only element of an array: for orchestrators here
   * that call activities there, and the other way round. Default: `"plain"`.
   */
  readonly activityInputs?: "plain" | "dotnet" | undefined;
  /**
   * What comes of a turn goes to the hub in parts of at most so many bytes; a single call, result or custom status that is larger
   * goes alone, and fails its task or instance if the hub refuses it. At least 1 MiB. Default: 4,089,446, which fits the
   * messages of 4 MiB that hubs take unless told otherwise. `CompleteOrchestrationWorkItemChunkSizeInBytes` in .NET.
   */
  readonly maximumCompletionBytes?: number | undefined;
  /** How values become payloads. Default: JSON. */
  readonly converter?: PayloadConverter | undefined;
  /** What waits between tries waits on it. Default: the platform's clock. */
  readonly clock?: Clock | undefined;
  /** Spreads the tries of many workers to reach their hub: 0 up to 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** The options with their defaults, validated. */
export interface WorkerSettings {
  readonly orchestrations: number;
  readonly activities: number;
  readonly logger: Logger;
  readonly shutdownTimeoutMs: number;
  readonly maximumTimerIntervalMs: number;
  readonly sessionCount: number;
  readonly sessionBytes: number;
  readonly versioning: WorkerVersioning;
  readonly activityInputs: "plain" | "dotnet";
  readonly watchdogMs: number | undefined;
  readonly workItemFilters: "auto" | "none" | WorkItemFilters;
  readonly failureOf: (thrown: unknown) => TaskFailureDetails;
  readonly onNonDeterminism: "fail" | "abandon";
  readonly maximumCompletionBytes: number;
  readonly converter: PayloadConverter;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Throws `InvalidArgumentError` for what cannot be. */
export function workerSettings(options: TaskHubWorkerOptions): WorkerSettings {
  const perKind = 100 * availableParallelism();
  const { concurrency = {}, sessions = {} } = options;
  const logger = guardLogger(options.logger ?? defaultLogger);
  const maximumTimerInterval = options.maximumTimerInterval ?? { days: 3 };
  return {
    orchestrations: positive(concurrency.orchestrations ?? perKind, "concurrency.orchestrations"),
    activities: positive(concurrency.activities ?? perKind, "concurrency.activities"),
    logger,
    shutdownTimeoutMs: durationToMs(options.shutdownTimeout ?? { seconds: 30 }, "shutdownTimeout"),
    maximumTimerIntervalMs: positive(
      durationToMs(maximumTimerInterval, "maximumTimerInterval"),
      "maximumTimerInterval",
    ),
    sessionCount: sessions === false ? 0 : positive(sessions.count ?? 1000, "sessions.count"),
    sessionBytes:
      sessions === false ? 0 : positive(sessions.bytes ?? 64 * 1024 * 1024, "sessions.bytes"),
    versioning: checkedVersioning(options.versioning ?? {}),
    activityInputs: oneOf(options.activityInputs ?? "plain", activityInputs, "activityInputs"),
    watchdogMs: watchdogMs(options.watchdog),
    workItemFilters: checkedFilters(
      options.workItemFilters ?? (options.versioning?.version === undefined ? "none" : "auto"),
    ),
    failureOf: failureEncoder(options, logger),
    onNonDeterminism: oneOf(options.onNonDeterminism ?? "fail", outcomes, "onNonDeterminism"),
    maximumCompletionBytes: completionBytes(options.maximumCompletionBytes ?? 4_089_446),
    converter: options.converter ?? jsonConverter,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}

const activityInputs = ["plain", "dotnet"] as const;
const outcomes = ["fail", "abandon"] as const;
const matchStrategies = ["none", "strict", "currentOrOlder"] as const;
const failureStrategies = ["reject", "fail"] as const;

/** In JavaScript, a misspelt choice would quietly be none of them. */
function oneOf<Choice extends string>(
  value: Choice,
  choices: readonly Choice[],
  what: string,
): Choice {
  if (choices.includes(value)) return value;
  throw new InvalidArgumentError(`${what} is '${value}'; it may be ${choices.join(", ")}`);
}

function checkedVersioning(versioning: WorkerVersioning): WorkerVersioning {
  const { matchStrategy = "none", failureStrategy = "reject" } = versioning;
  oneOf(matchStrategy, matchStrategies, "versioning.matchStrategy");
  oneOf(failureStrategy, failureStrategies, "versioning.failureStrategy");
  return versioning;
}

/** A filter without a name would find nothing, for ever. */
function checkedFilters(filters: WorkerSettings["workItemFilters"]) {
  if (typeof filters === "string") {
    return oneOf(filters, ["auto", "none"], "workItemFilters");
  }
  for (const filter of [...(filters.orchestrations ?? []), ...(filters.activities ?? [])]) {
    const { name }: { readonly name?: unknown } = filter;
    if (typeof name !== "string" || name === "") {
      throw new InvalidArgumentError("workItemFilters holds a filter without a name");
    }
  }
  return filters;
}

function completionBytes(value: number): number {
  if (positive(value, "maximumCompletionBytes") >= 1024 * 1024) return value;
  throw new InvalidArgumentError(`maximumCompletionBytes is ${value}; it must be at least 1 MiB`);
}

function watchdogMs(watchdog: boolean | Duration | undefined): number | undefined {
  if (watchdog === undefined || watchdog === false) return undefined;
  return positive(
    durationToMs(watchdog === true ? { seconds: 10 } : watchdog, "watchdog"),
    "watchdog",
  );
}

/** What a thrown value says of itself. What users add may throw; the failure must not get lost by that. */
function failureEncoder(
  { failureProperties: properties, failureConverter: convert }: TaskHubWorkerOptions,
  logger: Logger,
): WorkerSettings["failureOf"] {
  if (properties === undefined && convert === undefined) return (thrown) => failureOf(thrown);
  return (thrown) => {
    try {
      const failure = failureOf(thrown, properties);
      return convert ? failureToWire(convert(failureDetails(failure), thrown)) : failure;
    } catch (error) {
      logger.warn?.(
        { event: "failure-properties.threw", error },
        "failureProperties or failureConverter threw; the failure goes out without them",
      );
      return failureOf(thrown);
    }
  };
}
