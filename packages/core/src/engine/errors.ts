import { DurableTaskError } from "../errors.ts";

/** What the engine compares when it replays: one thing that the code asks for, or that the history says it asked for. */
export interface DurableCall {
  readonly kind: string;
  /** Activity, orchestrator or event name; the operation of an entity. Empty for timers. */
  readonly name: string;
  /** Instance that it is addressed to, where the code chose one. */
  readonly target?: string | undefined;
}

/**
 * The orchestrator did something else on replay than its history records: its code was changed while instances were
 * running, or it is not deterministic.
 *
 * `NonDeterministicOrchestrationException` in .NET, `NonDeterminismError` in Python and JavaScript.
 */
export class NonDeterminismError extends DurableTaskError {
  override name = "NonDeterminismError";
  /** What the history says; `undefined` where it has nothing at this place. */
  readonly recorded: DurableCall | undefined;
  /** What the code asked for; `undefined` where it asked for nothing. */
  readonly attempted: DurableCall | undefined;
  readonly eventId: number;
  /** Index in the history, from 0. */
  readonly position: number;

  constructor(facts: {
    readonly recorded: DurableCall | undefined;
    readonly attempted: DurableCall | undefined;
    readonly eventId: number;
    readonly position: number;
  }) {
    super(
      "NON_DETERMINISM",
      `the history records ${text(facts.recorded)} as #${facts.eventId} (event ${facts.position}), but on replay the ` +
        `orchestrator asked for ${text(facts.attempted)}; deploy changed code under a new version, or undo the change`,
    );
    this.recorded = facts.recorded;
    this.attempted = facts.attempted;
    this.eventId = facts.eventId;
    this.position = facts.position;
  }
}

function text(call: DurableCall | undefined): string {
  if (call === undefined) return "nothing";
  const name = call.name === "" ? "" : ` '${call.name}'`;
  return `${call.kind}${name}${call.target === undefined ? "" : ` to '${call.target}'`}`;
}

/**
 * The orchestrator waits for something that is not durable: a `fetch`, a `setTimeout`, a promise of its own making. On
 * replay that would not come back the same, so the instance fails instead of hanging.
 */
export class NonDurableAwaitError extends DurableTaskError {
  override name = "NonDurableAwaitError";

  constructor(what: string, lastCall: string | undefined) {
    const after = lastCall === undefined ? "before its first durable call" : `after ${lastCall}`;
    super(
      "NON_DURABLE_AWAIT",
      `${what} (${after}); move the work into an activity, and wait with ctx.createTimer`,
    );
  }
}

/** A task was spread, destructured or written into a payload where `await` or `yield*` was meant. */
export class TaskNotAwaitedError extends DurableTaskError {
  override name = "TaskNotAwaitedError";

  constructor() {
    super(
      "TASK_NOT_AWAITED",
      "a task was iterated over or used as a value instead of being awaited; write 'await task', or 'yield* task' in a generator",
    );
  }
}

/** A durable timer or the wait for an event was cancelled by the orchestrator itself. */
export class TaskCanceledError extends DurableTaskError {
  override name = "TaskCanceledError";

  constructor(what: string, options?: ErrorOptions) {
    super("TASK_CANCELED", `${what} was cancelled`, options);
  }
}

/** No event of this name came within the `timeout` of `waitForExternalEvent`. */
export class EventTimeoutError extends DurableTaskError {
  override name = "EventTimeoutError";
  readonly eventName: string;

  constructor(eventName: string, timeoutMs: number) {
    super("EVENT_TIMEOUT", `no event '${eventName}' came within ${timeoutMs} ms`);
    this.eventName = eventName;
  }
}

/** One turn of an orchestrator asked for more than the limit of actions: most likely a loop that never awaits. */
export class TooManyActionsError extends DurableTaskError {
  override name = "TooManyActionsError";

  constructor(limit: number) {
    super(
      "TOO_MANY_ACTIONS",
      `the orchestrator asked for more than ${limit} actions in one turn; await in its loop, or split the work into child orchestrations`,
    );
  }
}
