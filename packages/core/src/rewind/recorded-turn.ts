import type { HistoryEvent } from "@durabletask/protobuf";
import { recordsAction } from "../engine/action-log.ts";
import { firstAttemptTag } from "../engine/task-call.ts";

/** A turn as a history has it: what it took, and what it recorded. */
export interface RecordedTurn {
  readonly started: HistoryEvent;
  readonly delivered: readonly HistoryEvent[];
  readonly recorded: readonly HistoryEvent[];
}

/** The turns of a whole history, oldest first. */
export function turnsOfHistory(events: readonly HistoryEvent[]): RecordedTurn[] {
  const turns: OpenTurn[] = [];
  for (const event of events) {
    const turn = turns.at(-1);
    if (turn === undefined || event.eventType.case === "orchestratorStarted")
      turns.push({ started: event, delivered: [], recorded: [] });
    else if (isRecord(event)) turn.recorded.push(event);
    else turn.delivered.push(event);
  }
  return turns;
}

interface OpenTurn extends RecordedTurn {
  readonly delivered: HistoryEvent[];
  readonly recorded: HistoryEvent[];
}

/** Whether an event says what a turn did, rather than what came to it. */
function isRecord(event: HistoryEvent): boolean {
  const { case: kind } = event.eventType;
  return recordsAction(event) || kind === "orchestratorCompleted" || kind === "executionCompleted";
}

/** Whether an execution that was given these events is suspended. */
export function isSuspendedAfter(delivered: readonly HistoryEvent[]): boolean {
  const last = delivered.findLast(
    ({ eventType: { case: kind } }) => kind === "executionSuspended" || kind === "executionResumed",
  );
  return last?.eventType.case === "executionSuspended";
}

/** The task that an event is the result of. */
export function taskAnsweredBy({ eventType }: HistoryEvent): number | undefined {
  switch (eventType.case) {
    case "taskCompleted":
    case "taskFailed":
    case "subOrchestrationInstanceCompleted":
    case "subOrchestrationInstanceFailed":
      return eventType.value.taskScheduledId;
    case "timerFired":
      return eventType.value.timerId;
    default:
      return undefined;
  }
}

/** How the call of an activity names its first attempt: by its event id, or as its idempotency key goes on after a rewind. */
export function firstAttemptOf({ eventId, eventType }: HistoryEvent): string | undefined {
  if (eventType.case !== "taskScheduled") return undefined;
  return eventType.value.tags[firstAttemptTag] ?? String(eventId);
}

export function childIdOf({ eventType }: HistoryEvent): string | undefined {
  return eventType.case === "subOrchestrationInstanceCreated"
    ? eventType.value.instanceId
    : undefined;
}
