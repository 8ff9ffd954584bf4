import type { HistoryEvent, TaskFailureDetails } from "@durabletask/protobuf";
import type { RecordedTurn } from "../state/turns.ts";
import { isAction, taskAnsweredBy } from "../state/turns.ts";

/**
 * Rewrites the history of a failed execution, so that what failed is asked for again (rule 20).
 *
 * The rewritten history must be one that the code would have made, had the failures not come yet. So with a failure goes
 * whatever the code did because of it: retries and their timers, compensation. On replay the code asks for the failed
 * task in the same place as before, under the same id, and goes on waiting for it. It does not ask for what it did because
 * of the failure: the ids of those are free, and what was asked for later moves up.
 *
 * A failure is rewound if the code did nothing about it (it ended the execution, or was still waiting to: a fan-out waits
 * for all its tasks). One that the code has dealt with stays, unless it is the one that the execution failed with.
 */
export interface RewoundHistory {
  readonly turns: readonly RecordedTurn[];
  readonly inbox: readonly HistoryEvent[];
}

/** A failed attempt, and what the code made of it. */
interface Failure {
  readonly taskId: number;
  /** The turn that took it; the number of turns if none did. */
  readonly turn: number;
  readonly details: TaskFailureDetails | undefined;
  readonly scheduled: HistoryEvent;
}

/** The attempts at one call, first to last, with the timers between them. */
interface Call {
  readonly failures: readonly Failure[];
  readonly retryIds: readonly number[];
  /** Whether it has failed for good, as far as is known. */
  readonly hasFailed: boolean;
}

export class Rewinding {
  readonly #turns: readonly RecordedTurn[];
  readonly #inbox: readonly HistoryEvent[];
  readonly #calls: readonly Call[];
  readonly #rewound: readonly Call[];

  constructor(turns: readonly RecordedTurn[], inbox: readonly HistoryEvent[]) {
    this.#turns = turns;
    this.#inbox = inbox;
    this.#calls = callsOf(turns, inbox).filter(({ hasFailed }) => hasFailed);
    this.#rewound = this.#chooseCalls();
  }

  /** Ids of the children whose failures are rewound. */
  get children(): string[] {
    return this.#rewound.flatMap(({ failures }) => childOf(failures[0]) ?? []);
  }

  /** The new history. The children in `resumed` are rewound themselves: the calls of them stay open. */
  rewrite(resumed: ReadonlySet<string>): RewoundHistory {
    /** Asked for again by the code, under the same id. */
    const again = new Set<number>();
    /** Not asked for any more. */
    const never = new Set<number>();
    const answers = new Set<number>();
    for (const { failures, retryIds } of this.#rewound) {
      const first = failures[0];
      if (!first) continue;
      for (const { taskId } of failures) answers.add(taskId);
      for (const id of retryIds) never.add(id);
      if (!resumed.has(childOf(first) ?? "")) again.add(first.taskId);
    }
    this.#addConsequences(answers, never);
    const isKept = (event: HistoryEvent) => {
      const answered = taskAnsweredBy(event);
      if (answered !== undefined && (answers.has(answered) || never.has(answered))) return false;
      if (event.eventType.case === "executionCompleted") return false;
      return !isAction(event) || !(again.has(event.eventId) || never.has(event.eventId));
    };
    const renumber = renumbering(never);
    const rewrite = (events: readonly HistoryEvent[]) => events.filter(isKept).map(renumber);
    return {
      turns: this.#turns
        .map(({ started, delivered, recorded }) => ({
          started,
          delivered: rewrite(delivered),
          recorded: rewrite(recorded),
        }))
        .filter(({ delivered, recorded }) => delivered.length + recorded.length > 0),
      inbox: rewrite(this.#inbox),
    };
  }

  #chooseCalls(): readonly Call[] {
    const unhandled = this.#calls.filter((call) => !this.#wasDealtWith(call));
    if (unhandled.length > 0) return unhandled;
    const details = failureOf(this.#turns);
    return this.#calls.filter(({ failures }) => {
      const last = failures.at(-1)?.details;
      return last !== undefined && isCause(last, details);
    });
  }

  /** The last failure woke the code, nothing else did, and it went on to something else. */
  #wasDealtWith({ failures }: Call): boolean {
    const last = failures.at(-1);
    const turn = last && this.#turns[last.turn];
    if (!last || !turn || last.turn === this.#turns.length - 1) return false;
    return turn.recorded.some(isAction) && turn.delivered.every(isFailure);
  }

  /** What the code asked for in turns in which nothing woke it but what is taken back. */
  #addConsequences(answers: ReadonlySet<number>, never: Set<number>): void {
    for (const { delivered, recorded } of this.#turns) {
      const isConsequence = delivered.every((event) => {
        const answered = taskAnsweredBy(event);
        return answered !== undefined && (answers.has(answered) || never.has(answered));
      });
      if (!isConsequence || delivered.length === 0) continue;
      for (const event of recorded) if (isAction(event)) never.add(event.eventId);
    }
  }
}

function isFailure({ eventType }: HistoryEvent): boolean {
  return eventType.case === "taskFailed" || eventType.case === "subOrchestrationInstanceFailed";
}

function childOf(failure: Failure | undefined): string | undefined {
  const type = failure?.scheduled.eventType;
  return type?.case === "subOrchestrationInstanceCreated" ? type.value.instanceId : undefined;
}

/** What the execution failed with. */
function failureOf(turns: readonly RecordedTurn[]): TaskFailureDetails | undefined {
  const type = turns.at(-1)?.recorded.at(-1)?.eventType;
  return type?.case === "executionCompleted" ? type.value.failureDetails : undefined;
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
    for (const event of recorded) if (isAction(event)) scheduled.set(event.eventId, event);
  const failures = new Map<number, Failure>();
  for (const [turn, events] of [...turns.map(({ delivered }) => delivered), inbox].entries()) {
    for (const event of events) {
      const { eventType } = event;
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

/** Ids move up over those that the code does not ask for any more. */
function renumbering(never: ReadonlySet<number>): (event: HistoryEvent) => HistoryEvent {
  if (never.size === 0) return (event) => event;
  const gone = [...never].toSorted((a, b) => a - b);
  const move = (id: number) => id - gone.filter((other) => other < id).length;
  return (event) => {
    if (isAction(event)) return { ...event, eventId: move(event.eventId) };
    const { eventType } = event;
    switch (eventType.case) {
      case "taskCompleted":
      case "taskFailed":
      case "subOrchestrationInstanceCompleted":
      case "subOrchestrationInstanceFailed": {
        const taskScheduledId = move(eventType.value.taskScheduledId);
        const value = { ...eventType.value, taskScheduledId };
        // The kind is the same; the compiler does not see that kind and value still belong together.
        return { ...event, eventType: { ...eventType, value } as HistoryEvent["eventType"] };
      }
      case "timerFired": {
        const value = { ...eventType.value, timerId: move(eventType.value.timerId) };
        return { ...event, eventType: { case: "timerFired", value } };
      }
      default:
        return event;
    }
  };
}
