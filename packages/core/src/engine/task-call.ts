import type { HistoryEvent, OrchestratorAction, TaskFailureDetails } from "@durabletask/protobuf";
import { failureDetails, type FailedTask, TaskFailedError } from "../failure.ts";
import type { PayloadCoder } from "../payload-format.ts";
import { DurableTask } from "./durable-task.ts";
import type { ActionOwner } from "./action-log.ts";
import type { Execution, OpenCall } from "./execution.ts";
import { type Retry, type RetryDecision, retryDecision } from "./retry.ts";
import { TimerCall } from "./timer-call.ts";

/** The reserved tag that carries the event id of an activity's first attempt to its retries. */
export const firstAttemptTag = "durabletask.first-attempt";

/** What is scheduled for each attempt of a call. */
export interface CallTarget {
  readonly kind: FailedTask["kind"];
  readonly name: string;
  /** The action of an attempt; all but its id is the same each time, tags, version and child id included. */
  readonly action: OrchestratorAction["orchestratorActionType"];
  /** What its result goes through. */
  readonly output?: PayloadCoder | undefined;
  /** Whether the instance id of a child was derived, not chosen by the code. */
  readonly hasGeneratedId?: boolean | undefined;
}

/** The call of an activity or a child orchestration, with its retries: a fresh event id for each attempt. */
export class TaskCall extends DurableTask<never> implements OpenCall, ActionOwner {
  readonly kind = "task";
  readonly #execution: Execution;
  readonly #target: CallTarget;
  readonly #decide: RetryDecision | undefined;
  readonly #startedMs: number;
  #attempts = 0;
  #firstId = 0;
  #id = 0;

  constructor(execution: Execution, target: CallTarget, retry: Retry | undefined) {
    super(execution.flow);
    this.#execution = execution;
    this.#target = target;
    this.#decide = retry && retryDecision(retry);
    this.#startedMs = execution.nowMs;
    this.#schedule();
  }

  get hasGeneratedTarget(): boolean {
    return this.#target.hasGeneratedId === true;
  }

  /** The recorded input, version and derived id win over those that changed code asks for, in retries too (E5). */
  adopt({ eventType, eventId }: HistoryEvent): void {
    const { action } = this.#target;
    if (
      eventType.case !== "taskScheduled" &&
      eventType.case !== "subOrchestrationInstanceCreated"
    ) {
      return;
    }
    if (action.case !== "scheduleTask" && action.case !== "createSubOrchestration") return;
    const { input, version } = eventType.value;
    if (action.value.input !== input || action.value.version !== version) {
      const { instanceId, options } = this.#execution;
      options.warn(
        { event: "call.adopted", instanceId, eventId, name: this.#target.name },
        `the recorded input or version of ${this.#target.kind} '${this.#target.name}' differs from the one that the code asks for now; the recorded one holds`,
      );
    }
    // The engine made this message, and nobody else has it before it is handed out again.
    Object.assign(action.value, { input, version });
    if (action.case === "createSubOrchestration" && "instanceId" in eventType.value) {
      action.value.instanceId = eventType.value.instanceId;
    }
  }

  completed(payload: string | undefined): void {
    this.#execution.settleWith(this, payload, this.#target.output);
  }

  failed(failure: TaskFailureDetails): void {
    const delayMs = this.#decide?.({
      lastAttemptNumber: this.#attempts,
      lastFailure: failureDetails(failure),
      totalRetryTimeMs: this.#execution.nowMs - this.#startedMs,
    });
    if (delayMs === undefined) this.#giveUp(failure);
    else if (delayMs === 0) this.#schedule();
    else TimerCall.start(this.#execution, this.#execution.nowMs + delayMs, () => this.#schedule());
  }

  #schedule(): void {
    this.#attempts += 1;
    this.#id = this.#execution.actions.add(this.#attempt(this.#target.action), this);
    this.#firstId ||= this.#id;
    this.#execution.open.set(this.#id, this);
  }

  /** A retry of an activity tells which attempt was the first: the activity's idempotency key is made of it. */
  #attempt(action: CallTarget["action"]): CallTarget["action"] {
    if (action.case !== "scheduleTask" || this.#firstId === 0) return action;
    const tags = { ...action.value.tags, [firstAttemptTag]: String(this.#firstId) };
    return { ...action, value: { ...action.value, tags } };
  }

  #giveUp(failure: TaskFailureDetails): void {
    const { kind, name } = this.#target;
    this.fail(new TaskFailedError({ kind, name, id: this.#id, attempts: this.#attempts }, failure));
  }
}
