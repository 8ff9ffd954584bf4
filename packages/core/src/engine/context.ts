import type { Duration } from "../duration.ts";
import type { Jsonify } from "../json.ts";
import type {
  ActivityReference,
  CallableActivity,
  CallableOrchestrator,
  CallArguments,
  EventReference,
  OrchestratorReference,
} from "./reference.ts";
import type { Retry } from "./retry.ts";
import type { Task, TimerTask } from "./task.ts";

/** How an activity is called. */
export interface ActivityOptions {
  /** Default: not retried. */
  readonly retry?: Retry | undefined;
  /** The version to call. Default: that of the definition; for a child, otherwise the worker's `defaultVersion`. */
  readonly version?: string | undefined;
  /** Facts that travel with the call and its retries, and show in the history. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** How a child orchestration is started. */
export interface SubOrchestrationOptions extends ActivityOptions {
  /**
   * The child's instance id; retries use it again. Default: one derived from this execution and the place of the call.
   * An id that an active instance holds fails the call.
   */
  readonly instanceId?: string | undefined;
}

/** How an external event is awaited. */
export interface WaitOptions {
  /** How long to wait; then the task fails with `EventTimeoutError`. Default: for ever. */
  readonly timeout?: Duration | undefined;
  /** Aborting it, from within the orchestrator, ends the wait with `TaskCanceledError`. */
  readonly signal?: AbortSignalLike | undefined;
}

/** The part of the platform's `AbortSignal` that is used; any `AbortSignal` will do. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** How an orchestration continues as new. */
export interface ContinueAsNewOptions {
  /** Whether events that nobody has awaited yet stay for the next execution. Default: true. */
  readonly saveEvents?: boolean | undefined;
  /** The version of the next execution. Default: the same. */
  readonly newVersion?: string | undefined;
}

/** The orchestration that started this one as its child. */
export interface ParentOrchestration {
  readonly instanceId: string;
  /** Event id under which the parent started this orchestration. */
  readonly taskScheduledId: number;
  readonly name: string;
  readonly version: string | undefined;
}

/** Writes one line of a task's log: words, with facts before them or without. */
export interface TaskLogLine {
  (message: string): void;
  (fields: Readonly<Record<string, unknown>>, message: string): void;
}

/**
 * What orchestrators and activities write their log to; each line names the instance. An orchestrator's is silent while it is
 * replayed, so that each line is written once. Its functions may be handed on alone: `promise.catch(ctx.logger.error)`.
 */
export interface TaskLogger {
  readonly debug: TaskLogLine;
  readonly info: TaskLogLine;
  readonly warn: TaskLogLine;
  readonly error: TaskLogLine;
}

/**
 * What an orchestrator sees of the world, and all that it may use of it.
 *
 * An orchestrator is replayed from its history, so it must be deterministic: time, ids and randomness come from here, and
 * everything with an effect is an activity. Waiting for anything else fails the instance with `NON_DURABLE_AWAIT`.
 *
 * Its methods, `isReplaying` and `currentUtcDateTime` belong to it: write `ctx.callActivity(...)`, since neither
 * `const { callActivity } = ctx` nor a copy `{ ...ctx }` has what they need. Everything else stays as it is, in copies too.
 */
export interface OrchestrationContext {
  readonly instanceId: string;
  /** The name under which it was scheduled. */
  readonly name: string;
  readonly version: string | undefined;
  /** Compares its version with another: negative if this one is older. See `compareVersions`. */
  compareVersionTo(version: string): number;
  readonly tags: Readonly<Record<string, string>>;
  /** The parent, if this is a child orchestration. */
  readonly parent: ParentOrchestration | undefined;
  /** Whether the code runs for a second time, to get back to where it was. For logging only. */
  readonly isReplaying: boolean;
  /** The time, the same on every replay: when the event that woke the orchestrator was taken up. */
  readonly currentUtcDateTime: Date;
  readonly logger: TaskLogger;

  /** Calls an activity. The task fails with `TaskFailedError`; what cannot be written as a payload throws here. */
  callActivity<Out = unknown>(name: string, input?: unknown, options?: ActivityOptions): Task<Out>;
  callActivity<In, Out>(
    activity: CallableActivity<In, Out>,
    ...args: CallArguments<In, ActivityOptions>
  ): Task<Jsonify<Out>>;
  callActivity<In, Out>(
    activity: ActivityReference<In, Out>,
    ...args: CallArguments<In, ActivityOptions>
  ): Task<Out>;

  /** Starts a child orchestration, and waits for its output. The task fails with `TaskFailedError`. */
  callSubOrchestrator<Out = unknown>(
    name: string,
    input?: unknown,
    options?: SubOrchestrationOptions,
  ): Task<Out>;
  callSubOrchestrator<In, Out>(
    orchestrator: CallableOrchestrator<In, Out>,
    ...args: CallArguments<In, SubOrchestrationOptions>
  ): Task<Jsonify<Out>>;
  callSubOrchestrator<In, Out>(
    orchestrator: OrchestratorReference<In, Out, unknown>,
    ...args: CallArguments<In, SubOrchestrationOptions>
  ): Task<Out>;

  /**
   * A timer that survives restarts, of any length. It never fires early.
   * Throws `InvalidArgumentError` for an invalid date and for a number: say `{ seconds: 5 }`.
   */
  createTimer(fireAt: Duration | Date): TimerTask;

  /**
   * Waits for an event from outside. Names are compared without regard to case. Events that came before somebody waited
   * are kept; several waiters of one name are served in the order in which they began to wait.
   */
  waitForExternalEvent<Payload = unknown>(name: string, options?: WaitOptions): Task<Payload>;
  waitForExternalEvent<Payload>(
    event: EventReference<Payload, never>,
    options?: WaitOptions,
  ): Task<Payload>;

  /** Sends an event to another orchestration. To one that does not exist, or has ended, it is lost. */
  sendEvent(instanceId: string, name: string, data?: unknown): void;
  sendEvent<Sent>(
    instanceId: string,
    event: EventReference<unknown, Sent>,
    ...data: undefined extends Sent ? [data?: Sent] : [data: Sent]
  ): void;

  /**
   * Ends this execution and starts the next one of the same instance, with a new input and an empty history. Return what
   * it gives: nothing that the code does afterwards has an effect. A boolean in the place of options says whether events
   * are saved, as in the JavaScript SDK.
   */
  continueAsNew(input?: unknown, options?: ContinueAsNewOptions | boolean): never;

  /** Sets what clients see as the custom status, until the next call. */
  setCustomStatus(status: unknown): void;
  /** A new GUID, the same on every replay. */
  newGuid(): string;
  /** A random number from 0 up to, not including, 1; the same on every replay. Not for secrets. */
  random(): number;
}
