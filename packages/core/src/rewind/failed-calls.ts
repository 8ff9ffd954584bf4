import type { HistoryEvent, TaskFailureDetails } from "@durabletask/protobuf";
import { recordsAction } from "../engine/action-log.ts";
import type { RecordedTurn } from "./recorded-turn.ts";

/** A failed attempt, and what the code made of it. */
export interface Failure {
  readonly taskId: number;
  /** The turn that took it; the number of turns if none did. */
  readonly turn: number;
  readonly details: TaskFailureDetails | undefined;
  readonly scheduled: HistoryEvent;
}

/** The attempts at one call, first to last, with the timers between them. */
export interface Call {
  readonly failures: readonly Failure[];
  readonly retryIds: readonly number[];
  /** Whether it has failed for good, as far as is known. */
  readonly hasFailed: boolean;
}

/**
 * The failed calls that a rewind takes back.
 *
 * A failure is taken back if the code did nothing about it (it ended the execution, or was still waiting to: a fan-out waits
 * for all its tasks), or if the execution failed with it. One that the code has dealt with stays. Where the execution failed
 * with something of its own, any of them may be the reason: all are taken back.
 */
export function failedCalls(
  turns: readonly RecordedTurn[],
  inbox: readonly HistoryEvent[],
): readonly Call[] {
  const calls = callsOf(turns, inbox).filter(({ hasFailed }) => hasFailed);
  const details = failureOf(turns);
  const isReason = ({ failures }: Call) => {
    const last = failures.at(-1)?.details;
    return last !== undefined && isCause(last, details);
  };
  if (!calls.some(isReason)) return calls;
  return calls.filter((call) => isReason(call) || !wasDealtWith(call, turns));
}

/** The last failure woke the code, nothing else did, and it went on to something else. */
function wasDealtWith({ failures }: Call, turns: readonly RecordedTurn[]): boolean {
  const last = failures.at(-1);
  const turn = last && turns[last.turn];
  if (!last || !turn || last.turn === turns.length - 1) return false;
  return turn.recorded.some(recordsAction) && turn.delivered.every(isFailure);
}

export function isFailure({ eventType }: HistoryEvent): boolean {
  return eventType.case === "taskFailed" || eventType.case === "subOrchestrationInstanceFailed";
}

/** What the execution failed with. */
function failureOf(turns: readonly RecordedTurn[]): TaskFailureDetails | undefined {
  for (const { eventType } of turns.at(-1)?.recorded ?? [])
    if (eventType.case === "executionCompleted") return eventType.value.failureDetails;
  return undefined;
}

/** Whether a failure is passed on in another one: as it is, inside it, or in its message. */
function isCause(cause: TaskFailureDetails, of: TaskFailureDetails | undefined): boolean {
  for (let next = of; next; next = next.innerFailure) {
    if (cause.errorMessage !== "" && next.errorMessage.includes(cause.errorMessage)) return true;
    if (next.errorType === cause.errorType && next.errorMessage === cause.errorMessage) return true;
  }
  return false;
}

/** Groups failures and their retries into calls. */
function callsOf(turns: readonly RecordedTurn[], inbox: readonly HistoryEvent[]): Call[] {
  const scheduled = new Map<number, HistoryEvent>();
  for (const { recorded } of turns)
    for (const event of recorded) if (recordsAction(event)) scheduled.set(event.eventId, event);
  const failures = new Map<number, Failure>();
  for (const [turn, events] of [...turns.map(({ delivered }) => delivered), inbox].entries()) {
    for (const { eventType } of events) {
      const isFailed =
        eventType.case === "taskFailed" || eventType.case === "subOrchestrationInstanceFailed";
      if (!isFailed) continue;
      const { taskScheduledId: taskId, failureDetails: details } = eventType.value;
      const asked = scheduled.get(taskId);
      if (asked) failures.set(taskId, { taskId, turn, details, scheduled: asked });
    }
  }
  const claimed = new Set<number>();
  const calls: Call[] = [];
  for (const failure of failures.values()) {
    if (claimed.has(failure.taskId)) continue;
    calls.push(followRetries(failure, failures, turns, claimed));
  }
  return calls;
}

function followRetries(
  first: Failure,
  failures: ReadonlyMap<number, Failure>,
  turns: readonly RecordedTurn[],
  claimed: Set<number>,
): Call {
  const attempts = [first];
  const retryIds: number[] = [];
  for (let last = first; ;) {
    const retry = findRetry(last, turns, claimed);
    if (!retry) return { failures: attempts, retryIds, hasFailed: true };
    for (const id of retry.ids) claimed.add(id);
    retryIds.push(...retry.ids);
    const next = retry.attemptId === undefined ? undefined : failures.get(retry.attemptId);
    // It has succeeded since, or is under way.
    if (!next) return { failures: attempts, retryIds, hasFailed: false };
    attempts.push(next);
    last = next;
  }
}

interface RetryFound {
  /** Timer and attempt, as far as they were recorded. */
  readonly ids: readonly number[];
  readonly attemptId: number | undefined;
}

/** The next attempt at the same: at once, or after a timer that the failure's turn began. */
function findRetry(
  failure: Failure,
  turns: readonly RecordedTurn[],
  claimed: ReadonlySet<number>,
): RetryFound | undefined {
  const turn = turns[failure.turn];
  if (!turn) return undefined;
  const isFree = ({ eventId }: HistoryEvent) => !claimed.has(eventId);
  const isRetry = (event: HistoryEvent) => isFree(event) && isSameCall(failure.scheduled, event);
  const atOnce = turn.recorded.find(isRetry);
  if (atOnce) return { ids: [atOnce.eventId], attemptId: atOnce.eventId };
  for (const timer of turn.recorded.filter(isFree)) {
    if (timer.eventType.case !== "timerCreated") continue;
    const attempt = firedIn(turns, timer.eventId)?.recorded.find(isRetry);
    if (attempt) return { ids: [timer.eventId, attempt.eventId], attemptId: attempt.eventId };
  }
  return undefined;
}

function firedIn(turns: readonly RecordedTurn[], timerId: number): RecordedTurn | undefined {
  return turns.find(({ delivered }) =>
    delivered.some(
      ({ eventType }) => eventType.case === "timerFired" && eventType.value.timerId === timerId,
    ),
  );
}

function isSameCall({ eventType: one }: HistoryEvent, { eventType: two }: HistoryEvent): boolean {
  if (one.case === "taskScheduled" && two.case === "taskScheduled") {
    return one.value.name === two.value.name && one.value.input === two.value.input;
  }
  if (one.case === "subOrchestrationInstanceCreated" && two.case === one.case) {
    return one.value.name === two.value.name && one.value.instanceId === two.value.instanceId;
  }
  return false;
}
