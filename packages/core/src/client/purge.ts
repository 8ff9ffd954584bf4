import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { PurgeInstanceFilterSchema } from "@durabletask/protobuf";
import { type Duration, durationToMs } from "../duration.ts";
import { InvalidArgumentError } from "../errors.ts";
import { instant } from "./query.ts";
import { type OrchestrationStatus, statusToWire } from "./status.ts";

/** Which ended orchestrations to purge; everything that is given must hold, and something must be given. */
export interface PurgeFilter {
  readonly statuses?: readonly OrchestrationStatus[] | undefined;
  readonly createdFrom?: Date | undefined;
  readonly createdTo?: Date | undefined;
}

/** How many orchestrations are purged at once. */
export interface PurgeManyOptions {
  /** Whether their children are purged too. Default: false. */
  readonly recursive?: boolean | undefined;
  /** The hub stops after this time, and says that it is not complete. Default: no limit. */
  readonly timeout?: Duration | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was purged of what a filter finds. */
export interface PurgeManyResult {
  readonly deletedInstanceCount: number;
  /** Whether nothing that the filter finds is left; `"unknown"` where the hub does not tell. */
  readonly isComplete: boolean | "unknown";
}

/** The filter as the wire has it. */
export function purgeFilterToWire(
  { statuses = [], createdFrom, createdTo }: PurgeFilter,
  timeout: Duration | undefined,
): MessageInitShape<typeof PurgeInstanceFilterSchema> {
  if (statuses.length === 0 && createdFrom === undefined && createdTo === undefined) {
    throw new InvalidArgumentError("purgeOrchestrations needs statuses, createdFrom or createdTo");
  }
  return {
    runtimeStatus: statuses.map(statusToWire),
    createdTimeFrom: instant(createdFrom, "createdFrom"),
    createdTimeTo: instant(createdTo, "createdTo"),
    timeout: timeout && durationFromMs(durationToMs(timeout, "the timeout")),
  };
}
