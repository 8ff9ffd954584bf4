import type { HistoryEvent, OrchestrationState } from "@durabletask/protobuf";
import type { StoredInstance } from "../store/store.ts";
import { toTimestamp } from "../time/timestamp.ts";

/** An instance as callers see it. Input, output, custom status and failure are there if it was read with payloads. */
export function toOrchestrationState(stored: StoredInstance): OrchestrationState {
  const { record } = stored;
  const started = stored.headEvents[0]?.eventType;
  const ended: HistoryEvent["eventType"] | undefined = stored.tailEvents.at(-1)?.eventType;
  const completed = ended?.case === "executionCompleted" ? ended.value : undefined;
  return {
    $typeName: "OrchestrationState",
    instanceId: record.id,
    name: record.name,
    version: record.version,
    orchestrationStatus: record.status,
    scheduledStartTimestamp: optionalTimestamp(record.startAt),
    createdTimestamp: toTimestamp(record.createdAt),
    lastUpdatedTimestamp: toTimestamp(record.updatedAt),
    input: started?.case === "executionStarted" ? started.value.input : undefined,
    output: completed?.result,
    customStatus: started && record.customStatus,
    failureDetails: completed?.failureDetails,
    executionId: record.executionId,
    completedTimestamp: optionalTimestamp(record.completedAt),
    parentInstanceId: record.parentId,
    tags: { ...record.tags },
  };
}

function optionalTimestamp(ms: number | undefined): OrchestrationState["completedTimestamp"] {
  return ms === undefined ? undefined : toTimestamp(ms);
}
