import type { HistoryEvent, TaskFailureDetails } from "@durabletask/protobuf";
import { failureDetails, type FailedTask, TaskFailedError } from "../failure.ts";
import type { PayloadCoder } from "../payload-format.ts";
import type { ActivityOptions } from "./context.ts";
import { DurableTask } from "./durable-task.ts";
import type { Asked } from "./action-log.ts";
import type { DurableCall } from "./errors.ts";
import type { Execution, OpenCall } from "./execution.ts";
import type { referenceOf } from "./reference.ts";
import { type Retry, type RetryDecision, retryDecision } from "./retry.ts";
import { TimerCall } from "./timer-call.ts";

/** The reserved tag that carries the event id of an activity's first attempt to its retries. */
export const firstAttemptTag = "durabletask.first-attempt";

/** A child that is called: its id, and whether that was derived, not chosen by the code. */
export interface Child {
  instanceId: string;
  readonly isDerived: boolean;
}

/** How often a call was tried, where it may be tried again. */
interface Attempts {
  readonly decide: RetryDecision;
  readonly startedMs: number;
  readonly firstId: number;
  count: number;
}

/** The call of an activity or a child orchestration, with its retries: a fresh event id for each attempt. */
export class TaskCall extends DurableTask<never> implements OpenCall, Asked {
  readonly #execution: Execution;
  // One object a call, and none beside it: there may be very many, all of them alive.
  readonly #name: string;
  #version: string | undefined;
  #input: string | undefined;
  readonly #taggedAs: Tags;
  /** Of a child orchestration. */
  readonly #child: Child | undefined;
  /** What its result goes through. */
  readonly #output: PayloadCoder | undefined;
  /** Most calls are not retried, and there may be many of them. */
  readonly #attempts: Attempts | undefined;
  #id: number;

  /** @param callee what it says of itself, and `payload` the input as it goes out */
  constructor(
    execution: Execution,
    callee: ReturnType<typeof referenceOf>,
    payload: string | undefined,
    options: ActivityOptions | undefined,
    child: Child | undefined,
  ) {
    super(execution.flow);
    this.#execution = execution;
    this.#name = callee.name;
    this.#version =
      options?.version ?? callee.version ?? (child && execution.options.defaultVersion);
    this.#input = payload;
    this.#taggedAs = tagsOf(options);
    this.#child = child;
    this.#output = callee.output;
    const retry = options?.retry;
    const decide = retry && this.#decisionOf(retry);
    this.#id = this.#schedule();
    this.#attempts = decide && {
      decide,
      startedMs: execution.nowMs,
      firstId: this.#id,
      count: 1,
    };
  }

  // Apart: a constructor with a function in it makes another object for each call.
  #decisionOf(retry: Retry): RetryDecision {
    return retryDecision(retry, (error) => this.#warnOfHandler(error));
  }

  get kind(): "task" {
    return "task";
  }

  get action(): Asked["action"] {
    const asked = { name: this.#name, version: this.#version, input: this.#input };
    if (this.#child === undefined) {
      const value = { $typeName: "ScheduleTaskAction" as const, ...asked, tags: this.#tags() };
      return { case: "scheduleTask", value };
    }
    const { instanceId } = this.#child;
    const $typeName = "CreateSubOrchestrationAction";
    const value = { $typeName, instanceId, ...asked, tags: this.#taggedAs } as const;
    return { case: "createSubOrchestration", value };
  }

  get call(): DurableCall {
    return { kind: this.#kind, name: this.#name, target: this.#child?.instanceId };
  }

  isRecordedBy(type: HistoryEvent["eventType"]): boolean {
    const child = this.#child;
    if (child === undefined) return type.case === "taskScheduled" && type.value.name === this.#name;
    return (
      type.case === "subOrchestrationInstanceCreated" &&
      type.value.name === this.#name &&
      (child.isDerived || type.value.instanceId === child.instanceId)
    );
  }

  /** The recorded input, version and derived id win over those that changed code asks for, in retries too (E5). */
  adopt({ eventType, eventId }: HistoryEvent): void {
    if (
      eventType.case !== "taskScheduled" &&
      eventType.case !== "subOrchestrationInstanceCreated"
    ) {
      return;
    }
    const { input, version } = eventType.value;
    if (this.#input !== input || this.#version !== version) {
      const name = this.#name;
      this.#execution.warnOfAdoption(
        { event: "call.adopted", eventId, name },
        `the recorded input or version of ${this.#kind} '${name}' differs from the one that the code asks for now; the recorded one holds`,
      );
    }
    // Also where they are equal: one copy of an input is enough.
    this.#input = input;
    this.#version = version;
    if (this.#child !== undefined && "instanceId" in eventType.value) {
      this.#child.instanceId = eventType.value.instanceId;
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
    this.#id = this.#schedule();
  }

  #schedule(): number {
    const id = this.#execution.actions.add(this);
    this.#execution.opened(id, this);
    return id;
  }

  /** Once: a replay comes past it again. */
  #warnOfHandler(error: unknown): void {
    const { instanceId, isReplaying, options } = this.#execution;
    if (isReplaying) return;
    const name = this.#name;
    options.warn(
      { event: "retry.handler-threw", instanceId, name, eventId: this.#id, error },
      `what decides on retries of ${this.#kind} '${name}' threw, or gave no decision: it is not tried again`,
    );
  }

  #giveUp(failure: TaskFailureDetails): void {
    const kind = this.#kind;
    const name = this.#name;
    const attempts = this.#attempts?.count ?? 1;
    this.fail(new TaskFailedError({ kind, name, id: this.#id, attempts }, failure));
  }

  get #kind(): FailedTask["kind"] {
    return this.#child === undefined ? "activity" : "sub-orchestration";
  }

  /** A retry of an activity tells which attempt was the first: the activity's idempotency key is made of it. */
  #tags(): Tags {
    if (this.#attempts === undefined || this.#attempts.count === 1) return this.#taggedAs;
    return { ...this.#taggedAs, [firstAttemptTag]: String(this.#attempts.firstId) };
  }
}

type Tags = Record<string, string>;

const noTags: Tags = Object.freeze(Object.create(null));

function tagsOf(options: ActivityOptions | undefined): Tags {
  return options?.tags === undefined ? noTags : { ...options.tags };
}
