import type {
  ExecutionStartedEvent,
  HistoryEvent,
  OrchestratorAction,
} from "@durabletask/protobuf";
import { type Duration, durationToMs } from "../duration.ts";
import { InvalidArgumentError } from "../errors.ts";
import { assertInstanceId } from "../instance-id.ts";
import type { PayloadCoder } from "../payload-format.ts";
import { compareVersions } from "../version.ts";
import type {
  ActivityOptions,
  ContinueAsNewOptions,
  OrchestrationContext,
  TaskLogger,
  ParentOrchestration,
  SubOrchestrationOptions,
  WaitOptions,
} from "./context.ts";
import { DurableTask } from "./durable-task.ts";
import { EventWait } from "./event-wait.ts";
import type { Execution } from "./execution.ts";
import { derivationSeed, derivedGuid } from "./guid.ts";
import { createRandom, type Random } from "./random.ts";
import { type Callee, referenceOf } from "./reference.ts";
import type { Task, TimerTask } from "./task.ts";
import { AskedAction } from "./asked-action.ts";
import { TaskCall } from "./task-call.ts";
import { DurableTimer } from "./timer-call.ts";

/** What `continueAsNew` was asked for. */
export interface NextExecution {
  readonly input: string | undefined;
  readonly saveEvents: boolean;
  readonly newVersion: string | undefined;
}

/** Makes the logger of one orchestration; it writes only while that is not replaying. */
export type CreateLogger = (
  of: Pick<OrchestrationContext, "instanceId" | "name" | "isReplaying">,
) => TaskLogger;

type EventCallee = string | { readonly name: string; readonly coder?: PayloadCoder | undefined };

/** The context of one execution: turns calls of the orchestrator into actions. */
export class SessionContext implements OrchestrationContext {
  readonly instanceId: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly parent: ParentOrchestration | undefined;
  readonly logger: TaskLogger;
  readonly #execution: Execution;
  /** Names the execution among those of its instance. Some SDKs send an empty execution id where they have none. */
  readonly #executionKey: string;
  readonly #input: PayloadCoder | undefined;
  #hasContinued = false;
  #guids = 0;
  #random: Random | undefined;
  #customStatus: string | undefined;

  constructor(
    execution: Execution,
    started: ExecutionStartedEvent,
    timestampMs: number,
    createLogger: CreateLogger,
    input: PayloadCoder | undefined,
  ) {
    this.#execution = execution;
    this.#executionKey = execution.executionId || String(timestampMs);
    this.#input = input;
    this.instanceId = started.orchestrationInstance?.instanceId ?? "";
    this.name = started.name;
    this.version = started.version;
    this.tags = Object.keys(started.tags).length === 0 ? noTags : withoutPrototype(started.tags);
    this.parent = parentOf(started);
    this.logger = createLogger(this);
  }

  get isReplaying(): boolean {
    return this.#execution.isReplaying;
  }

  get currentUtcDateTime(): Date {
    return new Date(this.#execution.nowMs);
  }

  /** The custom status as a payload; `undefined` until the orchestrator sets one. */
  get customStatus(): string | undefined {
    return this.#customStatus;
  }

  compareVersionTo(version: string): number {
    return compareVersions(this.version, version);
  }

  callActivity(activity: Callee, input?: unknown, options?: ActivityOptions): Task<never> {
    const reference = this.#begin("callActivity", activity);
    const payload = this.#serialize(input, reference.input);
    const { wrapsActivityInputs } = this.#execution.options;
    const sent = wrapsActivityInputs ? `[${payload ?? "null"}]` : payload;
    return new TaskCall(this.#execution, reference, sent, options, undefined);
  }

  callSubOrchestrator(
    orchestrator: Callee,
    input?: unknown,
    options?: SubOrchestrationOptions,
  ): Task<never> {
    const reference = this.#begin("callSubOrchestrator", orchestrator);
    const instanceId = options?.instanceId;
    if (instanceId !== undefined) assertInstanceId(instanceId);
    const child = {
      instanceId: instanceId ?? this.#derive("child", this.#execution.actions.nextId),
      isDerived: instanceId === undefined,
    };
    const payload = this.#serialize(input, reference.input);
    return new TaskCall(this.#execution, reference, payload, options, child);
  }

  /** For extensions: see `awaitAction`. */
  scheduleAction(
    type: OrchestratorAction["orchestratorActionType"],
    isEndedBy: (event: HistoryEvent, id: number) => boolean,
  ): Task<HistoryEvent> {
    this.#execution.assertRunning("awaitAction");
    const id = this.#execution.actions.add(new AskedAction(type));
    const task = new DurableTask<HistoryEvent>(this.#execution.flow);
    this.#execution.awaits({ task, isEndedBy: (event) => isEndedBy(event, id) });
    return task;
  }

  createTimer(fireAt: Duration | Date): TimerTask {
    this.#execution.assertRunning("createTimer");
    return new DurableTimer(this.#execution, this.#instant(fireAt));
  }

  waitForExternalEvent(event: EventCallee, options: WaitOptions = {}): Task<never> {
    const { name } = this.#begin("waitForExternalEvent", event);
    return new EventWait(this.#execution, name, coderOf(event), options);
  }

  sendEvent(instanceId: string, event: EventCallee, data?: unknown): void {
    const { name } = this.#begin("sendEvent", event);
    if (instanceId === "") throw new InvalidArgumentError("sendEvent needs an instance id");
    const value = {
      $typeName: "SendEventAction" as const,
      instance: { $typeName: "OrchestrationInstance" as const, instanceId },
      name,
      data: this.#serialize(data, coderOf(event)),
    };
    this.#execution.actions.add(new AskedAction({ case: "sendEvent", value }));
  }

  continueAsNew(input?: unknown, options: ContinueAsNewOptions | boolean = {}): never {
    this.#execution.assertRunning("continueAsNew");
    const { saveEvents = true, newVersion } =
      typeof options === "boolean" ? { saveEvents: options } : options;
    this.#hasContinued = true;
    const next = { input: this.#serialize(input, this.#input), saveEvents, newVersion };
    this.#execution.end({ kind: "continuedAsNew", next });
    // The type tells the compiler that what is returned never becomes the output; throwing would run users' catch blocks.
    return undefined as never;
  }

  setCustomStatus(status: unknown): void {
    this.#execution.assertRunning("setCustomStatus");
    const payload = this.#serialize(status ?? null);
    if (!this.#hasContinued) this.#customStatus = payload;
  }

  newGuid(): string {
    this.#execution.assertRunning("newGuid");
    this.#guids += 1;
    return this.#derive("guid", this.#guids);
  }

  random(): number {
    this.#execution.assertRunning("random");
    this.#random ??= createRandom(this.#execution.options.sha1, `${this.#seed()}:random`);
    return this.#random();
  }

  #begin(call: string, callee: Callee): ReturnType<typeof referenceOf> {
    this.#execution.assertRunning(call);
    return referenceOf(call, callee);
  }

  /** Ids that no two executions share, the same on every replay (E3). */
  #derive(purpose: string, counter: number): string {
    return derivedGuid(this.#execution.options.sha1, this.#seed(), purpose, counter);
  }

  #seed(): string {
    return derivationSeed(this.instanceId, this.#executionKey);
  }

  #serialize(value: unknown, coder?: PayloadCoder): string | undefined {
    return this.#execution.options.converter.serialize(coder ? coder.encode(value) : value);
  }

  #instant(fireAt: Duration | Date): number {
    const instant =
      fireAt instanceof Date
        ? fireAt.getTime()
        : this.#execution.nowMs + durationToMs(fireAt, "the timer's duration");
    if (Math.abs(instant) <= latestInstant) return instant;
    throw new InvalidArgumentError("the timer's instant is not a valid date");
  }
}

/** The last millisecond that a `Date` can hold. */
const latestInstant = 8.64e15;

const noTags: Record<string, string> = Object.freeze(Object.create(null));

/** Tag names come from outside: no prototype for them to meet (E8). */
function withoutPrototype(tags: Record<string, string>): Record<string, string> {
  return Object.assign(Object.create(null), tags);
}

function coderOf(event: EventCallee): PayloadCoder | undefined {
  return typeof event === "string" ? undefined : event.coder;
}

function parentOf({ parentInstance }: ExecutionStartedEvent): ParentOrchestration | undefined {
  if (parentInstance === undefined) return undefined;
  return {
    instanceId: parentInstance.orchestrationInstance?.instanceId ?? "",
    taskScheduledId: parentInstance.taskScheduledId,
    name: parentInstance.name ?? "",
    version: parentInstance.version,
  };
}
