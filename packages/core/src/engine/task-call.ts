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

/** What is scheduled for each attempt of a call; all but its id is the same each time, tags, version and child id included. */
export type CallAction = Extract<
  OrchestratorAction["orchestratorActionType"],
  { readonly case: "scheduleTask" | "createSubOrchestration" }
>;

/** How often a call was tried, where it may be tried again. */
interface Attempts {
  readonly decide: RetryDecision;
  readonly startedMs: number;
  readonly firstId: number;
  count: number;
}

/** The call of an activity or a child orchestration, with its retries: a fresh event id for each attempt. */
export class TaskCall extends DurableTask<never> implements OpenCall, ActionOwner {
  readonly #execution: Execution;
  readonly #action: CallAction;
  /** What its result goes through. */
  readonly #output: PayloadCoder | undefined;
  readonly hasGeneratedTarget: boolean;
  /** Most calls are not retried, and there may be many of them. */
  readonly #attempts: Attempts | undefined;
  #id: number;

  /** @param hasGeneratedTarget whether the instance id of a child was derived, not chosen by the code */
  constructor(
    execution: Execution,
    action: CallAction,
    output: PayloadCoder | undefined,
    hasGeneratedTarget: boolean,
    retry: Retry | undefined,
  ) {
    super(execution.flow);
    this.#execution = execution;
    this.#action = action;
    this.#output = output;
    this.hasGeneratedTarget = hasGeneratedTarget;
    const decide = retry && retryDecision(retry, (error) => this.#warnOfHandler(error));
    this.#id = this.#schedule(action);
    this.#attempts = decide && {
      decide,
      startedMs: execution.nowMs,
      firstId: this.#id,
      count: 1,
    };
  }

  get kind(): "task" {
    return "task";
  }

  /** The recorded input, version and derived id win over those that changed code asks for, in retries too (E5). */
  adopt({ eventType, eventId }: HistoryEvent): void {
    const action = this.#action;
    if (
      eventType.case !== "taskScheduled" &&
      eventType.case !== "subOrchestrationInstanceCreated"
    ) {
      return;
    }
    const { input, version } = eventType.value;
    if (action.value.input !== input || action.value.version !== version) {
      const { name } = action.value;
      this.#execution.warnOfAdoption(
        { event: "call.adopted", eventId, name },
        `the recorded input or version of ${kindOf(action)} '${name}' differs from the one that the code asks for now; the recorded one holds`,
      );
      // The engine made this message, and nobody else has it before it is handed out again.
      Object.assign(action.value, { input, version });
    }
    if (action.case === "createSubOrchestration" && "instanceId" in eventType.value) {
      action.value.instanceId = eventType.value.instanceId;
    }
  }

  completed(payload: string | undefined): void {
    this.#execution.settleWith(this, payload, this.#output);
  }

  failed(failure: TaskFailureDetails): void {
    const attempts = this.#attempts;
    const delayMs = attempts?.decide({
      lastAttemptNumber: attempts.count,
      lastFailure: failureDetails(failure),
      totalRetryTimeMs: this.#execution.nowMs - attempts.startedMs,
    });
    if (attempts === undefined || delayMs === undefined) this.#giveUp(failure);
    else if (delayMs === 0) this.#retry(attempts);
    else {
      const fireAtMs = this.#execution.nowMs + delayMs;
      TimerCall.start(this.#execution, fireAtMs, () => this.#retry(attempts));
    }
  }

  #retry(attempts: Attempts): void {
    attempts.count += 1;
    this.#id = this.#schedule(retryOf(this.#action, attempts.firstId));
  }

  #schedule(action: CallAction): number {
    const id = this.#execution.actions.add(action, this);
    this.#execution.opened(id, this);
    return id;
  }

  /** Once: a replay comes past it again. */
  #warnOfHandler(error: unknown): void {
    const { instanceId, isReplaying, options } = this.#execution;
    if (isReplaying) return;
    const { name } = this.#action.value;
    options.warn(
      { event: "retry.handler-threw", instanceId, name, eventId: this.#id, error },
      `what decides on retries of ${kindOf(this.#action)} '${name}' threw, or gave no decision: it is not tried again`,
    );
  }

  #giveUp(failure: TaskFailureDetails): void {
    const kind = kindOf(this.#action);
    const { name } = this.#action.value;
    const attempts = this.#attempts?.count ?? 1;
    this.fail(new TaskFailedError({ kind, name, id: this.#id, attempts }, failure));
  }
}

/** A retry of an activity tells which attempt was the first: the activity's idempotency key is made of it. */
function retryOf(action: CallAction, firstId: number): CallAction {
  if (action.case !== "scheduleTask") return action;
  const tags = { ...action.value.tags, [firstAttemptTag]: String(firstId) };
  return { ...action, value: { ...action.value, tags } };
}

function kindOf(action: CallAction): FailedTask["kind"] {
  return action.case === "scheduleTask" ? "activity" : "sub-orchestration";
}
