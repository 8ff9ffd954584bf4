import { randomUUID } from "node:crypto";
import type { Clock, Duration, Logger, Transport } from "@durabletask/core";
import { defaultLogger } from "@durabletask/core";
import {
  backgroundClock,
  durationToMs,
  guardLogger,
  notNegative,
  positive,
} from "@durabletask/core/spi";
import { Intake } from "./calls/intake.ts";
import { createInProcessTransport } from "./in-process-transport.ts";
import { handlersOf } from "./handlers.ts";
import { checkKeys } from "./option-keys.ts";
import type { RetentionOptions } from "./retention.ts";
import { Retention } from "./retention.ts";
import type { LeaseLimits } from "./state/leases.ts";
import { PayloadLimit } from "./state/payload-limit.ts";
import type { Store } from "./store/store.ts";
import type { TaskHubStats } from "./task-hub-stats.ts";
import { statsOf } from "./task-hub-stats.ts";
import { TaskHubHost } from "./task-hub-host.ts";
import { wholeMilliseconds } from "./time/whole-milliseconds.ts";

/** A task hub inside this process. Hand it to clients and workers: it is their transport. */
export interface EmbeddedTaskHub extends Transport {
  /** What the hub holds right now. Throws as any other call does while the store cannot be reached, and once closed. */
  stats(): TaskHubStats;
  /**
   * Whether a connected worker takes orchestrations or activities of this name and version, however busy it is. Throws as
   * `stats()` does.
   */
  hasWorkerFor(work: {
    readonly kind: "orchestration" | "activity";
    readonly name: string;
    readonly version?: string | undefined;
  }): boolean;
  /**
   * Ends the streams of all workers, commits what is under way and closes the store. Calls made afterwards fail with
   * `FAILED_PRECONDITION`. Also done by `await using`. Rejects with `UNAVAILABLE` if what was under way could not be committed;
   * the hub is closed all the same.
   */
  close(): Promise<void>;
}

/** How long a worker may be at an item, by kind of work. */
export interface LeaseOptions {
  /** One turn of an orchestration, not all of it. */
  readonly orchestrations?: Duration;
  readonly activities?: Duration;
}

/** What an embedded task hub can be told. */
export interface EmbeddedTaskHubOptions {
  /** The name of the task hub: a query for the instances of other hubs finds nothing here. Default: `default`. */
  readonly name?: string;
  /** Default: warnings and errors to stderr. */
  readonly logger?: Logger;
  /** Default: the platform's clock; its timers do not keep the process alive. */
  readonly clock?: Clock;
  /** Makes 32 hexadecimal digits that never come twice. Default: random ones. */
  readonly newId?: () => string;
  /** How many events of live instances are kept in memory, 0 or more; others are read from the store. Default: 200,000. */
  readonly maxHistoryEvents?: number;
  /**
   * How often an activity or a turn may end the process that it runs in. After a crash, what was open is run again; with
   * its third attempt it runs alone, so that it can be told what ended the process. One that has done so this many
   * times fails, with the error type `PoisonedActivity` or `PoisonedOrchestration`. Default: 10.
   */
  readonly maxAttempts?: number;
  /**
   * How long a worker whose connection is lost (its signal aborts) may still bring results, before others get what it was
   * at. One that closes its stream gives everything back at once. Default: 5 seconds.
   */
  readonly gracePeriod?: Duration;
  /**
   * How long a worker may be at an item whose stream stays open, for workers that hang: then others get it too, and the
   * first result counts. Default: no limit. Set it well above what the slowest item takes.
   */
  readonly maxLease?: LeaseOptions;
  /**
   * The largest payload in bytes of UTF-8: an input, an output, an event, a custom status. A client's call with a larger
   * one fails with `INVALID_ARGUMENT`; an activity's result fails the activity, an orchestrator's action its instance,
   * with the error type `PayloadTooLarge`. Default: no limit. Azure's scheduler has one of 1 MiB.
   */
  readonly maxPayloadBytes?: number;
  /** How long ended instances are kept. They are purged in the background. Default: until somebody purges them. */
  readonly retention?: RetentionOptions;
}

/**
 * Opens a task hub on a store, and takes up all work that is open in it. Rejects with the store's error if it cannot be
 * opened.
 */
export async function openEmbeddedTaskHub(
  store: Store,
  options: EmbeddedTaskHubOptions = {},
): Promise<EmbeddedTaskHub> {
  // What waits on it does not keep the process alive: the store remembers what is due.
  const clock = options.clock ? wholeMilliseconds(options.clock) : backgroundClock;
  const logger = guardLogger(options.logger ?? defaultLogger);
  const host = new TaskHubHost({
    name: options.name ?? "default",
    store,
    clock,
    // What runs on a clock of its own must not depend on how fast the machine is.
    stopwatch: options.clock ? () => clock.now() : () => performance.now(),
    logger,
    newId: options.newId ?? (() => randomUUID().replaceAll("-", "")),
    maxHistoryEvents: notNegative(options.maxHistoryEvents ?? 200_000, "maxHistoryEvents"),
    maxAttempts: positive(options.maxAttempts ?? 10, "maxAttempts"),
    leaseLimits: leaseLimitsOf(options),
    payloads: new PayloadLimit(payloadBytes(options.maxPayloadBytes)),
  });
  const retention = new Retention(options.retention ?? {}, () => host.hub, clock, logger);
  try {
    await host.open();
  } catch (error) {
    await host.close();
    throw error;
  }
  retention.start();
  const close = async () => {
    await retention.stop();
    await host.close();
  };
  return {
    ...createInProcessTransport(handlersOf(host, new Intake(clock))),
    stats: () => statsOf(host.hub),
    hasWorkerFor: ({ kind, name, version }) => host.hub.hasWorkerFor(kind, name, version),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function payloadBytes(limit: number | undefined): number {
  return limit === undefined ? Infinity : positive(limit, "maxPayloadBytes");
}

function leaseLimitsOf({ gracePeriod, maxLease = {} }: EmbeddedTaskHubOptions): LeaseLimits {
  checkKeys(maxLease, "maxLease", ["orchestrations", "activities"]);
  return {
    graceMs: durationToMs(gracePeriod ?? { seconds: 5 }, "gracePeriod"),
    turnMs: limitMs(maxLease.orchestrations, "maxLease.orchestrations"),
    activityMs: limitMs(maxLease.activities, "maxLease.activities"),
  };
}

function limitMs(limit: Duration | undefined, name: string): number {
  return limit === undefined ? Infinity : durationToMs(limit, name);
}
