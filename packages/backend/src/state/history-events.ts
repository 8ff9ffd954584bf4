import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type {
  ExecutionCompletedEvent,
  ExecutionStartedEvent,
  HistoryEvent,
  OrchestrationStatus,
  TaskFailureDetails,
} from "@durabletask/protobuf";

type EventType = HistoryEvent["eventType"];

/** A history event. Literals of the message types are far cheaper than `create()`. */
export function historyEvent(
  eventId: number,
  timestamp: Timestamp | undefined,
  eventType: EventType,
): HistoryEvent {
  return { $typeName: "HistoryEvent", eventId, timestamp, eventType };
}

/** The same event at another instant. Events that are not consumed yet bear the instant of their arrival. */
export function retimed(event: HistoryEvent, timestamp: Timestamp): HistoryEvent {
  if (event.timestamp === timestamp) return event;
  return {
    $typeName: "HistoryEvent",
    eventId: event.eventId,
    timestamp,
    eventType: event.eventType,
  };
}

export function executionStarted(timestamp: Timestamp, value: ExecutionStartedEvent): HistoryEvent {
  return historyEvent(-1, timestamp, { case: "executionStarted", value });
}

// One for all: each turn has such an event, which says nothing but when.
const startOfTurn: EventType = {
  case: "orchestratorStarted",
  value: { $typeName: "OrchestratorStartedEvent" },
};

export function orchestratorStarted(timestamp: Timestamp): HistoryEvent {
  return historyEvent(-1, timestamp, startOfTurn);
}

export function executionCompleted(
  eventId: number,
  timestamp: Timestamp,
  value: ExecutionCompletedEvent,
): HistoryEvent {
  return historyEvent(eventId, timestamp, { case: "executionCompleted", value });
}

/** How an execution ended. */
export function completion(
  orchestrationStatus: OrchestrationStatus,
  result: string | undefined,
  failureDetails: TaskFailureDetails | undefined,
): ExecutionCompletedEvent {
  return { $typeName: "ExecutionCompletedEvent", orchestrationStatus, result, failureDetails };
}

export function executionTerminated(
  timestamp: Timestamp,
  input: string | undefined,
  recurse: boolean,
): HistoryEvent {
  return historyEvent(-1, timestamp, {
    case: "executionTerminated",
    value: { $typeName: "ExecutionTerminatedEvent", input, recurse },
  });
}

export function executionSuspended(timestamp: Timestamp, input: string | undefined): HistoryEvent {
  return historyEvent(-1, timestamp, {
    case: "executionSuspended",
    value: { $typeName: "ExecutionSuspendedEvent", input },
  });
}

export function executionResumed(timestamp: Timestamp, input: string | undefined): HistoryEvent {
  return historyEvent(-1, timestamp, {
    case: "executionResumed",
    value: { $typeName: "ExecutionResumedEvent", input },
  });
}

export function taskCompleted(
  timestamp: Timestamp,
  taskScheduledId: number,
  result: string | undefined,
): HistoryEvent {
  return historyEvent(-1, timestamp, {
    case: "taskCompleted",
    value: { $typeName: "TaskCompletedEvent", taskScheduledId, result },
  });
}

export function taskFailed(
  timestamp: Timestamp,
  taskScheduledId: number,
  failureDetails: TaskFailureDetails | undefined,
): HistoryEvent {
  return historyEvent(-1, timestamp, {
    case: "taskFailed",
    value: { $typeName: "TaskFailedEvent", taskScheduledId, failureDetails },
  });
}

export function childCompleted(
  timestamp: Timestamp,
  taskScheduledId: number,
  result: string | undefined,
): HistoryEvent {
  return historyEvent(-1, timestamp, {
    case: "subOrchestrationInstanceCompleted",
    value: { $typeName: "SubOrchestrationInstanceCompletedEvent", taskScheduledId, result },
  });
}

export function childFailed(
  timestamp: Timestamp,
  taskScheduledId: number,
  failureDetails: TaskFailureDetails | undefined,
): HistoryEvent {
  return historyEvent(-1, timestamp, {
    case: "subOrchestrationInstanceFailed",
    value: { $typeName: "SubOrchestrationInstanceFailedEvent", taskScheduledId, failureDetails },
  });
}

export function timerFired(timestamp: Timestamp, timerId: number, fireAt: Timestamp): HistoryEvent {
  return historyEvent(-1, timestamp, {
    case: "timerFired",
    value: { $typeName: "TimerFiredEvent", fireAt, timerId },
  });
}

export function eventRaised(
  timestamp: Timestamp,
  name: string,
  input: string | undefined,
): HistoryEvent {
  return historyEvent(-1, timestamp, {
    case: "eventRaised",
    value: { $typeName: "EventRaisedEvent", name, input },
  });
}

/** Failure details that the hub itself writes. `errorType` is stable. */
export function failure(errorType: string, errorMessage: string): TaskFailureDetails {
  return {
    $typeName: "TaskFailureDetails",
    errorType,
    errorMessage,
    stackTrace: undefined,
    innerFailure: undefined,
    isNonRetriable: true,
    properties: {},
  };
}
