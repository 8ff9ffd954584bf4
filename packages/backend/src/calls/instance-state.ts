import type {
  ExecutionCompletedEvent,
  ExecutionStartedEvent,
  OrchestrationState,
} from "@durabletask/protobuf";
import type { InstanceRecord, StoredInstance } from "../store/store.ts";
import { toTimestamp } from "../time/timestamp.ts";

/** What an instance was given, and what came of it. */
interface Payloads {
  readonly started: ExecutionStartedEvent;
  readonly completed: ExecutionCompletedEvent | undefined;
}

/** An instance as callers see it, as it was read from the store. */
export function storedState({
  record,
  headEvents,
  tailEvents,
}: StoredInstance): OrchestrationState {
  const [head] = headEvents;
  const tail = tailEvents.at(-1);
  const started = head?.eventType.case === "executionStarted" ? head.eventType.value : undefined;
  const completed =
    tail?.eventType.case === "executionCompleted" ? tail.eventType.value : undefined;
  return toOrchestrationState(record, started && { started, completed });
}

/** An instance as callers see it. Without payloads it has no input, output, custom status or failure. */
export function toOrchestrationState(
  record: InstanceRecord,
  payloads: Payloads | undefined,
): OrchestrationState {
  return {
    $typeName: "OrchestrationState",
    instanceId: record.id,
    name: record.name,
    version: record.version,
    orchestrationStatus: record.status,
    scheduledStartTimestamp: optionalTimestamp(record.startAt),
    createdTimestamp: toTimestamp(record.createdAt),
    lastUpdatedTimestamp: toTimestamp(record.updatedAt),
    input: payloads?.started.input,
    output: payloads?.completed?.result,
    customStatus: payloads && record.customStatus,
    failureDetails: payloads?.completed?.failureDetails,
    executionId: record.executionId,
    completedTimestamp: optionalTimestamp(record.completedAt),
    parentInstanceId: record.parentId,
    tags: { ...record.tags },
  };
}

function optionalTimestamp(ms: number | undefined): OrchestrationState["completedTimestamp"] {
  return ms === undefined ? undefined : toTimestamp(ms);
}
