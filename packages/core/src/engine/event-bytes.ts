import type { HistoryEvent } from "@durabletask/protobuf";

/** What an event and what the code makes of it take, roughly: its payload, and a round figure for the rest. */
export function bytesOf({ eventType }: HistoryEvent): number {
  return 200 + (payloadOf(eventType)?.length ?? 0);
}

/** By kind: to ask a message of any kind for a property takes longer than all the rest of a replay. */
function payloadOf(type: HistoryEvent["eventType"]): string | undefined {
  switch (type.case) {
    case "taskCompleted":
    case "subOrchestrationInstanceCompleted":
      return type.value.result;
    case "taskScheduled":
    case "subOrchestrationInstanceCreated":
    case "executionStarted":
    case "eventRaised":
    case "eventSent":
    case "entityOperationCalled":
    case "entityOperationSignaled":
      return type.value.input;
    case "entityOperationCompleted":
      return type.value.output;
    default:
      return undefined;
  }
}
