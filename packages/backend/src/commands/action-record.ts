import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type {
  CreateSubOrchestrationAction,
  HistoryEvent,
  OrchestratorAction,
  ScheduleTaskAction,
  SendEventAction,
} from "@durabletask/protobuf";
import { historyEvent } from "../state/history-events.ts";

type EventType = HistoryEvent["eventType"];

/** The event that records an action; its id becomes the event's. Nothing for what leaves no trace in the history. */
export function recordOf(
  { id, orchestratorActionType: { case: kind, value } }: OrchestratorAction,
  timestamp: Timestamp,
  executionId: string,
): HistoryEvent | undefined {
  switch (kind) {
    case "scheduleTask":
      return historyEvent(id, timestamp, taskScheduled(value));
    case "createTimer": {
      const created = { $typeName: "TimerCreatedEvent" as const, fireAt: value.fireAt };
      return historyEvent(id, timestamp, { case: "timerCreated", value: created });
    }
    case "createSubOrchestration": {
      const childId = value.instanceId || childIdBy(executionId, id);
      return historyEvent(id, timestamp, childCreated(value, childId));
    }
    case "sendEvent":
      return historyEvent(id, timestamp, eventSent(value));
    default:
      return undefined;
  }
}

/** The id that the hub gives a child for which none was asked: by the event that starts it. */
export function childIdBy(executionId: string, eventId: number): string {
  return `${executionId}:${eventId.toString(16).padStart(4, "0")}`;
}

function taskScheduled(action: ScheduleTaskAction): EventType {
  const { name, version, input, parentTraceContext, tags } = action;
  const $typeName = "TaskScheduledEvent";
  return {
    case: "taskScheduled",
    value: { $typeName, name, version, input, parentTraceContext, tags },
  };
}

function childCreated(action: CreateSubOrchestrationAction, instanceId: string): EventType {
  const { name, version, input, parentTraceContext, tags } = action;
  const $typeName = "SubOrchestrationInstanceCreatedEvent";
  return {
    case: "subOrchestrationInstanceCreated",
    value: { $typeName, instanceId, name, version, input, parentTraceContext, tags },
  };
}

function eventSent({ instance, name, data }: SendEventAction): EventType {
  const instanceId = instance?.instanceId ?? "";
  return {
    case: "eventSent",
    value: { $typeName: "EventSentEvent", instanceId, name, input: data },
  };
}
