import type { ExecutionRewoundEvent, HistoryEvent } from "@durabletask/protobuf";
import { toAction } from "../engine/action-log.ts";
import type { Turn } from "../engine/session.ts";
import type { RecordedTurn } from "../rewind/recorded-turn.ts";
import { isSuspendedAfter, taskAnsweredBy, turnsOfHistory } from "../rewind/recorded-turn.ts";
import { Rewinding } from "../rewind/rewound-history.ts";

/**
 * The turn of an ended execution whose hub leaves rewinding to workers: the history that it is to have from now on. Nothing
 * if the turn is another one. A rewind whose past shows no end has been done already, and only wakes the code.
 *
 * It runs no code. The hub replaces the history, rewinds the children whose calls are open in it, and sends another turn, in
 * which the code asks again for what has failed.
 */
export function rewindTurn(
  past: readonly HistoryEvent[],
  fresh: readonly HistoryEvent[],
): Turn | undefined {
  const rewound = fresh.findLast(isRewound);
  if (rewound === undefined || !past.some(isEnd)) return undefined;
  const newHistory = rewoundHistory(past, fresh, rewound);
  const value = { $typeName: "RewindOrchestrationAction" as const, newHistory };
  const action = toAction(-1, { case: "rewindOrchestration", value });
  return { actions: [action], customStatus: undefined, hasEnded: true };
}

/** Whether a turn has to do with a rewind: one to be made, or one that has been made. */
export function isRewind(fresh: readonly HistoryEvent[]): boolean {
  return fresh.some(isRewound);
}

/**
 * By the rules of our own hub (`Rewinding`), but for what only a hub can remember: what was asked for after the cut runs again.
 * The execution keeps its id, from which the code's ids and random numbers are derived.
 */
function rewoundHistory(
  past: readonly HistoryEvent[],
  fresh: readonly HistoryEvent[],
  rewound: RewoundEvent,
): HistoryEvent[] {
  const all = turnsOfHistory(past);
  const end = all.findIndex(({ recorded }) => recorded.some(isEnd));
  // Some hubs give an ended execution what comes too late for it in turns of their own.
  const late = all.slice(end + 1).flatMap(({ delivered }) => delivered);
  const started = fresh.find(isStart);
  const came = fresh.filter((event) => !isStart(event) && event !== rewound);
  const rewinding = new Rewinding(all.slice(0, end + 1), [...late, ...came]);
  // The hub rewinds those that have failed, and starts anew those that are gone.
  const { turns, inbox } = rewinding.rewrite(new Set(rewinding.children));
  const delivered = [...turns.flatMap((turn) => turn.delivered), ...inbox];
  const kept = withoutOpenTimers(turns, delivered);
  return [
    ...kept.map((event) => withParentExecution(event, rewound.eventType.value)),
    ...(started ? [started] : []),
    ...inbox,
    ...(isSuspendedAfter(delivered) ? [resumption(rewound)] : []),
    rewound,
  ];
}

/**
 * A hub may have let the timers of an ended execution go: without their records the code asks for them again, for the same
 * instants. One that the hub has kept all the same fires twice, of which the second time changes nothing.
 */
function withoutOpenTimers(
  turns: readonly RecordedTurn[],
  delivered: readonly HistoryEvent[],
): HistoryEvent[] {
  const over = new Set(delivered.map(taskAnsweredBy));
  const isOpenTimer = ({ eventId, eventType }: HistoryEvent) =>
    eventType.case === "timerCreated" && !over.has(eventId);
  return turns.flatMap((turn) => [
    turn.started,
    ...turn.delivered,
    ...turn.recorded.filter((event) => !isOpenTimer(event)),
  ]);
}

/** A parent that was rewound may have another execution id. */
function withParentExecution(
  event: HistoryEvent,
  { parentExecutionId }: ExecutionRewoundEvent,
): HistoryEvent {
  const { eventType } = event;
  if (eventType.case !== "executionStarted" || !parentExecutionId) return event;
  const { parentInstance } = eventType.value;
  const { orchestrationInstance } = parentInstance ?? {};
  if (parentInstance === undefined || orchestrationInstance === undefined) return event;
  const parent = {
    ...parentInstance,
    orchestrationInstance: { ...orchestrationInstance, executionId: parentExecutionId },
  };
  return {
    ...event,
    eventType: { ...eventType, value: { ...eventType.value, parentInstance: parent } },
  };
}

/** It goes on though it was suspended: nobody would think of resuming what has failed. */
function resumption({ timestamp, eventType }: RewoundEvent): HistoryEvent {
  const value = { $typeName: "ExecutionResumedEvent" as const, input: eventType.value.reason };
  return {
    $typeName: "HistoryEvent",
    eventId: -1,
    timestamp,
    eventType: { case: "executionResumed", value },
  };
}

type RewoundEvent = HistoryEvent & {
  readonly eventType: { readonly case: "executionRewound"; readonly value: ExecutionRewoundEvent };
};

function isRewound(event: HistoryEvent): event is RewoundEvent {
  return event.eventType.case === "executionRewound";
}

function isEnd({ eventType }: HistoryEvent): boolean {
  return eventType.case === "executionCompleted";
}

function isStart({ eventType }: HistoryEvent): boolean {
  return eventType.case === "orchestratorStarted";
}
