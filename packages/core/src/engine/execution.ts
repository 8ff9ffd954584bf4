import type { HistoryEvent, TaskFailureDetails } from "@durabletask/protobuf";
import type { PayloadConverter } from "../converter.ts";
import type { PayloadCoder } from "../payload-format.ts";
import { ActionLog } from "./action-log.ts";
import type { Outcome } from "./completion.ts";
import type { LogEvent } from "../log-event.ts";
import type { DurableTask } from "./durable-task.ts";
import { NonDurableAwaitError } from "./errors.ts";
import { ExternalEvents } from "./external-events.ts";
import { Flow } from "./flow.ts";
import type { Sha1 } from "./guid.ts";
import { IdWindow } from "./id-window.ts";

/** Something that the code has asked for, and that an event with its id will end. */
export interface OpenCall {
  readonly kind: "task" | "timer";
  completed?(payload: string | undefined): void;
  failed?(failure: TaskFailureDetails): void;
  fired?(): void;
}

/** An action that an extension asked for, until the event comes that ends it. */
export interface AwaitedAction {
  readonly task: DurableTask<HistoryEvent>;
  isEndedBy(event: HistoryEvent): boolean;
}

const missingDetails: TaskFailureDetails = {
  $typeName: "TaskFailureDetails",
  errorType: "UnknownError",
  errorMessage: "the hub reported a failure without details",
  isNonRetriable: false,
  properties: {},
};

/** What a warning of the engine says besides its words. */
export interface WarningFields extends Readonly<Record<string, unknown>> {
  readonly event: LogEvent;
  readonly instanceId: string;
}

/** What a warning says of a record that held over the code. */
interface AdoptionFields extends Readonly<Record<string, unknown>> {
  readonly event: "call.adopted" | "timer.adopted";
  readonly eventId: number;
}

/** What the engine takes of the platform that it runs on. */
export interface EnginePlatform {
  /** Has a function called once the code is blocked: no microtask is left. */
  readonly whenSettled: (act: () => void) => void;
  /** Runs code of the orchestrator where its promises can be told from all others (E12). */
  readonly inScope: <T>(act: () => T) => T;
  readonly sha1: Sha1;
}

/** What the engine is told from outside; all of it is pure. */
export interface EngineOptions extends EnginePlatform {
  readonly converter: PayloadConverter;
  /** Timers that are longer become a chain of timers of at most this length. */
  readonly maximumTimerIntervalMs: number;
  /** The version of children that are called without one. */
  readonly defaultVersion?: string | undefined;
  /** Whether the inputs of activities go out as the only element of an array, as .NET sends and reads them. */
  readonly wrapsActivityInputs?: boolean | undefined;
  /** What a thrown value says of itself on the wire. */
  readonly failureOf: (thrown: unknown) => TaskFailureDetails;
  /** Actions that one turn may ask for. */
  readonly maximumActions: number;
  /** Told that an execution moved while none of its turns ran (E4). */
  readonly onViolation?:
    | ((instanceId: string, executionId: string | undefined, error: Error) => void)
    | undefined;
  /** Whether to say that the record of an execution holds over its code: not again at each replay. Default: always. */
  readonly saysAdoption?:
    | ((instanceId: string, executionId: string | undefined) => boolean)
    | undefined;
  /** Told what deserves a warning in the log; `event` is its stable name. Never throws. */
  readonly warn: (fields: WarningFields, message: string) => void;
}

const besideGenerator =
  "an async helper beside a generator has awaited something else than a task of its context, which only async functions may; make both generators, or both async functions";

/** The state of one execution that its parts share. */
export class Execution {
  readonly options: EngineOptions;
  readonly flow: Flow = new Flow();
  readonly actions: ActionLog;
  readonly events: ExternalEvents = new ExternalEvents();
  /** What is under way, by event id. Completions for other ids are ignored (E6). */
  #open: IdWindow<OpenCall> | undefined;
  /** Actions of extensions, and the events that they wait for. */
  #awaited: Set<AwaitedAction> | undefined;
  #hasAdopted = false;
  instanceId = "";
  executionId: string | undefined;
  /** The orchestration's clock, milliseconds since 1970: the timestamp of the last OrchestratorStarted. */
  nowMs = 0;
  /** Whether the event that is being processed is one that an earlier turn has seen (E7). */
  isReplaying = false;
  /** How it ended; undefined while it has not. */
  outcome: Outcome | undefined;
  /** What the code did while no episode ran; fails the instance at its next turn (E4). */
  violation: NonDurableAwaitError | undefined;

  constructor(options: EngineOptions) {
    this.options = options;
    this.actions = new ActionLog(options.maximumActions);
  }

  /** Notes what an event with this id will end. */
  opened(id: number, call: OpenCall): void {
    this.#open ??= new IdWindow();
    this.#open.add(id, call);
  }

  /** Nobody waits any more for the event with this id. */
  dropped(id: number): void {
    this.#open?.take(id);
  }

  /** Notes what an extension waits for. */
  awaits(action: AwaitedAction): void {
    this.#awaited ??= new Set();
    this.#awaited.add(action);
  }

  /** Ends what an event with its id ends. False if nothing of that kind is open under that id (E6). */
  settleOpen({ eventType }: HistoryEvent): boolean {
    switch (eventType.case) {
      case "taskCompleted":
      case "subOrchestrationInstanceCompleted": {
        const call = this.#take(eventType.value.taskScheduledId, "task");
        call?.completed?.(eventType.value.result);
        return call !== undefined;
      }
      case "taskFailed":
      case "subOrchestrationInstanceFailed": {
        const call = this.#take(eventType.value.taskScheduledId, "task");
        call?.failed?.(eventType.value.failureDetails ?? missingDetails);
        return call !== undefined;
      }
      case "timerFired": {
        const call = this.#take(eventType.value.timerId, "timer");
        call?.fired?.();
        return call !== undefined;
      }
      default:
        return false;
    }
  }

  /** Hands an event to the first extension that waits for it. */
  settleAwaited(event: HistoryEvent): void {
    for (const awaited of this.#awaited ?? []) {
      if (!awaited.isEndedBy(event)) continue;
      this.#awaited?.delete(awaited);
      awaited.task.complete(event);
      return;
    }
  }

  #take(id: number, kind: OpenCall["kind"]): OpenCall | undefined {
    const call = this.#open?.get(id);
    if (call?.kind !== kind) return undefined;
    return this.#open?.take(id);
  }

  /** Reads a payload. Its type is what the reference promised that was called with, hence the one cast. */
  decode(payload: string | undefined, coder?: PayloadCoder): never {
    const value = this.options.converter.deserialize(payload);
    return (coder ? coder.decode(value) : value) as never;
  }

  /** Completes a task with what a payload holds, or fails it if that cannot be read. */
  settleWith(task: DurableTask<never>, payload: string | undefined, coder?: PayloadCoder): void {
    let value: never;
    try {
      value = this.decode(payload, coder);
    } catch (error) {
      return task.fail(error);
    }
    return task.complete(value);
  }

  /** Says that the record holds over the code, once for all of the execution: after a deployment there may be many (E5). */
  warnOfAdoption(fields: AdoptionFields, message: string): void {
    if (this.#hasAdopted) return;
    this.#hasAdopted = true;
    const { instanceId, executionId, options } = this;
    if (options.saysAdoption?.(instanceId, executionId) === false) return;
    options.warn({ ...fields, instanceId }, message);
  }

  /** The first end counts; after it nothing more is emitted (E10). But a termination outlives a continue-as-new. */
  end(outcome: Outcome): void {
    const isTerminated = outcome.kind === "terminated" && this.outcome?.kind === "continuedAsNew";
    if (this.outcome !== undefined && !isTerminated) return;
    this.outcome = outcome;
    this.actions.close();
    this.events.close();
  }

  /** Every durable call begins here: it is allowed only while an episode runs. */
  assertRunning(what: string): void {
    if (this.flow.running) return;
    const why = this.flow.isStepped ? besideGenerator : "something not durable was awaited";
    throw this.violate(`${what} was called from outside a turn: ${why}`);
  }

  /** Notes that the code moved while it should have been blocked, once, and says so at once. */
  violate(what: string): NonDurableAwaitError {
    const error = new NonDurableAwaitError(what, this.actions.lastCall);
    if (this.violation === undefined) {
      this.violation = error;
      const { instanceId, executionId } = this;
      this.options.onViolation?.(instanceId, executionId, error);
      this.options.warn(
        { event: "orchestration.moved-outside-turn", instanceId, error },
        error.message,
      );
    }
    return error;
  }
}
