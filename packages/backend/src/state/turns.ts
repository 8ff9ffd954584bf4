import type { HistoryEvent } from "@durabletask/protobuf";
import type { LogRow } from "../store/store.ts";

/** A turn as the log has it: what it took, and what it recorded. */
export interface RecordedTurn {
  readonly started: HistoryEvent;
  readonly delivered: readonly HistoryEvent[];
  readonly recorded: readonly HistoryEvent[];
}

/** The turns of a chain, oldest first, and the events that none of them has taken. */
export function turnsOf(rows: readonly LogRow[]): {
  readonly turns: readonly RecordedTurn[];
  readonly inbox: readonly HistoryEvent[];
} {
  const turns: RecordedTurn[] = [];
  const queue: HistoryEvent[] = [];
  let taken = 0;
  for (const { arrived, consumed, events } of rows) {
    for (const event of events.slice(0, arrived)) queue.push(event);
    const [started, ...recorded] = events.slice(arrived);
    if (consumed === undefined || !started) continue;
    turns.push({ started, delivered: queue.slice(taken, taken + consumed), recorded });
    taken += consumed;
  }
  return { turns, inbox: queue.slice(taken) };
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

/** Whether an event records what the code has asked for, under an id of the code's. */
export function isAction({ eventType }: HistoryEvent): boolean {
  switch (eventType.case) {
    case "taskScheduled":
    case "timerCreated":
    case "subOrchestrationInstanceCreated":
    case "eventSent":
      return true;
    default:
      return false;
  }
}
