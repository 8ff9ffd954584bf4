import type { HistoryEvent, OrchestratorAction } from "@durabletask/protobuf";
import { IdWindow } from "./id-window.ts";
import { type DurableCall, NonDeterminismError, TooManyActionsError } from "./errors.ts";

type ActionType = OrchestratorAction["orchestratorActionType"];

/** Something that the code has asked for, until the history records it or the turn hands it out. */
export interface Asked {
  /** The action as it goes out. Made when it is asked for: of a replay most actions have been sent long ago. */
  readonly action: ActionType;
  /** What it is, in words. */
  readonly call: DurableCall;
  /** Whether an event is the record of it: kind, name, target, not what deployments change harmlessly (E5). */
  isRecordedBy(type: HistoryEvent["eventType"]): boolean;
  /** Takes over what is recorded: a timer's fire time, an input, a derived instance id. */
  adopt?(event: HistoryEvent): void;
}

/**
 * The actions of one execution: gives them their ids in the order in which the code asks (E3), checks them against what
 * the history records (E5), and hands out what is new.
 */
export class ActionLog {
  /** Not recorded yet, and not handed out. */
  readonly #pending = new IdWindow<Asked>();
  readonly #limit: number;
  #lastId = 0;
  #added = 0;
  #isClosed = false;
  #overflow: TooManyActionsError | undefined;
  #last: Asked | undefined;

  /** @param limit how many actions one turn may ask for */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The id that the next action will get. */
  get nextId(): number {
    return this.#lastId + 1;
  }

  /** The last thing that the code asked for, in words, for error messages. */
  get lastCall(): string | undefined {
    if (this.#last === undefined) return undefined;
    const { kind, name } = this.#last.call;
    return name === "" ? `${kind} #${this.#lastId}` : `${kind} '${name}' (#${this.#lastId})`;
  }

  /** Set once a turn has asked for more than the limit, even if the code caught the error. */
  get overflow(): TooManyActionsError | undefined {
    return this.#overflow;
  }

  /** Adds an action, and gives its id. */
  add(asked: Asked): number {
    this.#added += 1;
    if (this.#added > this.#limit) {
      this.#overflow = new TooManyActionsError(this.#limit);
      throw this.#overflow;
    }
    this.#lastId += 1;
    if (this.#isClosed) return this.#lastId;
    this.#last = asked;
    this.#pending.add(this.#lastId, asked);
    return this.#lastId;
  }

  /** Takes an action back that no turn has handed out yet; without effect on any other. */
  drop(id: number): void {
    this.#pending.take(id);
  }

  /** Whether an event records what the code has asked for under its id. */
  expects(event: HistoryEvent): boolean {
    const pending = this.#pending.get(event.eventId);
    return pending?.isRecordedBy(event.eventType) === true;
  }

  /** The history records an action: it must be the one that the code asked for under that id (E5). */
  confirm(event: HistoryEvent, position: number): void {
    const pending = this.#pending.get(event.eventId);
    if (pending?.isRecordedBy(event.eventType) !== true) {
      throw new NonDeterminismError({
        recorded: recordedCall(event),
        attempted: pending?.call,
        eventId: event.eventId,
        position,
      });
    }
    this.#pending.take(event.eventId);
    // It belongs to an earlier turn, not to this one's limit.
    this.#added -= 1;
    pending.adopt?.(event);
  }

  /** Takes what is new, in the order of ids. From here on it counts as recorded. */
  take(): OrchestratorAction[] {
    this.#added = 0;
    if (this.#pending.isEmpty) return [];
    return this.#pending.takeAll((id, { action }) => toAction(id, action));
  }

  /** The execution has ended: what the code still asks for is not emitted (E10). */
  close(): void {
    this.#isClosed = true;
  }

  /** Forgets what was not handed out: the instance fails, and nothing of it is to be trusted. */
  discard(): void {
    this.#pending.takeAll(() => undefined);
  }
}

/** Wraps what is asked for into the message of the wire. */
export function toAction(id: number, type: ActionType): OrchestratorAction {
  return { $typeName: "OrchestratorAction", id, orchestratorActionType: type };
}

/** Whether a history event records an action of the orchestrator's. */
export function recordsAction(event: HistoryEvent): boolean {
  switch (event.eventType.case) {
    case "taskScheduled":
    case "timerCreated":
    case "subOrchestrationInstanceCreated":
    case "eventSent":
    case "entityOperationCalled":
    case "entityOperationSignaled":
    case "entityLockRequested":
    case "entityUnlockSent":
      return true;
    default:
      return false;
  }
}

/** What an action asks for, in words. */
export function callOf(type: ActionType): DurableCall {
  switch (type.case) {
    case "scheduleTask":
      return { kind: "activity", name: type.value.name };
    case "createTimer":
      return { kind: "timer", name: "" };
    case "createSubOrchestration":
      return {
        kind: "sub-orchestration",
        name: type.value.name,
        target: type.value.instanceId,
      };
    case "sendEvent":
      return { kind: "event", name: type.value.name, target: type.value.instance?.instanceId };
    default:
      return { kind: type.case ?? "nothing", name: "" };
  }
}

function recordedCall({ eventType }: HistoryEvent): DurableCall {
  switch (eventType.case) {
    case "taskScheduled":
      return { kind: "activity", name: eventType.value.name };
    case "timerCreated":
      return { kind: "timer", name: "" };
    case "subOrchestrationInstanceCreated":
      return {
        kind: "sub-orchestration",
        name: eventType.value.name,
        target: eventType.value.instanceId,
      };
    case "eventSent":
      return { kind: "event", name: eventType.value.name, target: eventType.value.instanceId };
    default:
      return { kind: eventType.case ?? "nothing", name: "" };
  }
}
