import type { JsonValue } from "@bufbuild/protobuf";
import type { GetInstanceResponse, HistoryEvent as WireEvent } from "@durabletask/protobuf";
import { type Clock, systemClock } from "../clock.ts";
import { jsonConverter, type PayloadConverter } from "../converter.ts";
import { type Duration, durationToMs } from "../duration.ts";
import type {
  CallableOrchestrator,
  CallArguments,
  EventReference,
  OrchestratorReference,
} from "../engine/reference.ts";
import { type Callee, referenceOf } from "../engine/reference.ts";
import { InvalidArgumentError, TaskHubError } from "../errors.ts";
import type { Jsonify } from "../json.ts";
import type { PayloadCoder } from "../payload-format.ts";
import type { LogEvent } from "../log-event.ts";
import { defaultLogger, type Logger } from "../logger.ts";
import { ProcessHold } from "../process-hold.ts";
import { createTaskHubService, type TaskHubService } from "../task-hub-service.ts";
import type { CallOptions, Transport } from "../transport.ts";
import type { Registrable } from "../definition/registrable.ts";
import { awaitedEvents } from "./awaited-events.ts";
import { explainState, type Explanation, type WorkerDirectory } from "./explanation.ts";
import { type HistoryEvent, historyEventFromWire, historyToJson } from "./history.ts";
import type { InstanceId } from "../instance-id.ts";
import { OrchestrationState } from "./orchestration-state.ts";
import { OrchestrationList, type OrchestrationQuery, queryToWire } from "./query.ts";
import { type ScheduleOptions, scheduleRequest } from "./schedule.ts";

/** How a client works. */
export interface TaskHubClientOptions {
  /** The version of orchestrations that are scheduled without one. Default: none. */
  readonly defaultVersion?: string | undefined;
  /** How values become payloads. Default: JSON. */
  readonly converter?: PayloadConverter | undefined;
  /** Default: warnings and errors to stderr. What the client does is logged as `debug`. */
  readonly logger?: Logger | undefined;
  /** Time limits of waits are measured on it. Default: the platform's clock. */
  readonly clock?: Clock | undefined;
}

/** What to fetch of an orchestration's state. */
export interface GetOptions {
  /** Whether to fetch input, output and custom status. Default: true. */
  readonly fetchPayloads?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How long to wait for an orchestration. */
export interface WaitForOptions extends GetOptions {
  /** After this the wait fails with `DEADLINE_EXCEEDED`; the orchestration goes on. Default: no limit. */
  readonly timeout?: Duration | undefined;
}

/** What accompanies a call that has no more to say. */
export interface SignalOptions {
  /** Aborting it gives the call up; whether it had an effect is then unknown. */
  readonly signal?: AbortSignal | undefined;
}

/** Why an orchestration is suspended or resumed. */
export interface ReasonOptions extends SignalOptions {
  /** Kept in the history. */
  readonly reason?: string | undefined;
}

/** How an orchestration is ended from outside. */
export interface TerminateOptions extends SignalOptions {
  /** What is kept as its output. */
  readonly output?: unknown;
  /** Whether its children are terminated too. Default: false. */
  readonly recursive?: boolean | undefined;
}

/** How orchestrations are purged. */
export interface PurgeOptions extends SignalOptions {
  /** Whether their children are purged too. Default: false. */
  readonly recursive?: boolean | undefined;
}

/** What was purged. */
export interface PurgeResult {
  readonly deletedInstanceCount: number;
}

/** A wait is a chain of calls of this length, so that a lost connection is noticed. */
const longPollMs = 30_000;

/**
 * Schedules orchestrations and looks after them.
 *
 * Calls fail with {@link TaskHubError}, whose `code` tells why. `TaskHubGrpcClient` in the other SDKs.
 */
export class TaskHubClient implements AsyncDisposable {
  readonly #hub: TaskHubService;
  readonly #converter: PayloadConverter;
  readonly #clock: Clock;
  readonly #defaultVersion: string | undefined;
  readonly #logger: Logger;
  readonly #workers: WorkerDirectory | undefined;
  /** A pending wait keeps the process alive. */
  readonly #hold = new ProcessHold();

  constructor(transport: Transport, options: TaskHubClientOptions = {}) {
    this.#hub = createTaskHubService(transport);
    this.#workers = isDirectory(transport) ? transport : undefined;
    this.#converter = options.converter ?? jsonConverter;
    this.#clock = options.clock ?? systemClock;
    this.#defaultVersion = options.defaultVersion;
    this.#logger = options.logger ?? defaultLogger;
  }

  /**
   * Schedules an orchestration, and gives its instance id, which remembers the type of the output.
   *
   * Fails with `ALREADY_EXISTS` if the id belongs to an instance that may not be replaced. After `UNAVAILABLE` it may or
   * may not have been scheduled: choose the instance id yourself to be able to find out.
   */
  scheduleNewOrchestration<Out = unknown>(
    name: string,
    input?: unknown,
    options?: ScheduleOptions,
  ): Promise<InstanceId<Out>>;
  scheduleNewOrchestration<In, Out>(
    orchestrator: CallableOrchestrator<In, Out>,
    ...args: CallArguments<In, ScheduleOptions>
  ): Promise<InstanceId<Jsonify<Out>>>;
  scheduleNewOrchestration<In, Raw>(
    orchestrator: OrchestratorReference<In, unknown, Raw>,
    ...args: CallArguments<In, ScheduleOptions>
  ): Promise<InstanceId<Raw>>;
  async scheduleNewOrchestration(
    orchestrator: Callee,
    input?: unknown,
    options: ScheduleOptions = {},
  ): Promise<InstanceId<never>> {
    const { name, input: coder, version = this.#defaultVersion } = referenceOf(orchestrator);
    if (name === "") {
      throw new InvalidArgumentError("an orchestrator without a name cannot be scheduled");
    }
    const payload = this.#converter.serialize(coder ? coder.encode(input) : input);
    const now = this.#clock.now();
    const versioned = { ...options, version: options.version ?? version };
    const request = scheduleRequest(name, payload, versioned, now);
    const { instanceId } = await this.#hub.startInstance(request, { signal: options.signal });
    const id = (instanceId || request.instanceId) as InstanceId<never>;
    this.#log("client.scheduled", id, `orchestration '${name}' is scheduled`);
    return id;
  }

  /** The state of an orchestration; `undefined` where there is none. */
  getOrchestrationState<Out>(
    id: InstanceId<Out>,
    options?: GetOptions,
  ): Promise<OrchestrationState<Out> | undefined>;
  getOrchestrationState(id: string, options?: GetOptions): Promise<OrchestrationState | undefined>;
  getOrchestrationState<In, Out>(
    orchestrator: CallableOrchestrator<In, Out>,
    id: string,
    options?: GetOptions,
  ): Promise<OrchestrationState<Jsonify<Out>> | undefined>;
  getOrchestrationState<In, Out>(
    orchestrator: OrchestratorReference<In, Out, unknown>,
    id: string,
    options?: GetOptions,
  ): Promise<OrchestrationState<Out> | undefined>;
  async getOrchestrationState(
    ...args: readonly unknown[]
  ): Promise<OrchestrationState<never> | undefined> {
    const { id, options, output } = readArguments<GetOptions>(args);
    const { fetchPayloads = true, signal } = options;
    const response = await this.#hub.getInstance(
      { instanceId: id, getInputsAndOutputs: fetchPayloads },
      { signal },
    );
    return this.#state(response, fetchPayloads, output);
  }

  /** Waits until an orchestration has begun to run. Fails with `NOT_FOUND` where there is none. */
  waitForOrchestrationStart<Out>(
    id: InstanceId<Out>,
    options?: WaitForOptions,
  ): Promise<OrchestrationState<Out>>;
  waitForOrchestrationStart(id: string, options?: WaitForOptions): Promise<OrchestrationState>;
  waitForOrchestrationStart<In, Out>(
    orchestrator: CallableOrchestrator<In, Out>,
    id: string,
    options?: WaitForOptions,
  ): Promise<OrchestrationState<Jsonify<Out>>>;
  waitForOrchestrationStart<In, Out>(
    orchestrator: OrchestratorReference<In, Out, unknown>,
    id: string,
    options?: WaitForOptions,
  ): Promise<OrchestrationState<Out>>;
  async waitForOrchestrationStart(...args: readonly unknown[]): Promise<OrchestrationState<never>> {
    return await this.#waitFor("waitForInstanceStart", readArguments(args));
  }

  /**
   * Waits until an orchestration has ended, in whatever way: read `state.output`, which throws unless it has completed.
   * Fails with `NOT_FOUND` where there is none.
   */
  waitForOrchestrationCompletion<Out>(
    id: InstanceId<Out>,
    options?: WaitForOptions,
  ): Promise<OrchestrationState<Out>>;
  waitForOrchestrationCompletion(id: string, options?: WaitForOptions): Promise<OrchestrationState>;
  waitForOrchestrationCompletion<In, Out>(
    orchestrator: CallableOrchestrator<In, Out>,
    id: string,
    options?: WaitForOptions,
  ): Promise<OrchestrationState<Jsonify<Out>>>;
  waitForOrchestrationCompletion<In, Out>(
    orchestrator: OrchestratorReference<In, Out, unknown>,
    id: string,
    options?: WaitForOptions,
  ): Promise<OrchestrationState<Out>>;
  async waitForOrchestrationCompletion(
    ...args: readonly unknown[]
  ): Promise<OrchestrationState<never>> {
    return await this.#waitFor("waitForInstanceCompletion", readArguments(args));
  }

  /** Raises an event for an orchestration. Fails with `NOT_FOUND` where there is none; one that has ended ignores it. */
  raiseOrchestrationEvent(
    id: string,
    name: string,
    data?: unknown,
    options?: SignalOptions,
  ): Promise<void>;
  raiseOrchestrationEvent<Sent>(
    id: string,
    event: EventReference<unknown, Sent>,
    ...args: CallArguments<Sent, SignalOptions>
  ): Promise<void>;
  async raiseOrchestrationEvent(
    id: string,
    event: string | EventReference<unknown, never>,
    data?: unknown,
    { signal }: SignalOptions = {},
  ): Promise<void> {
    const { name, coder }: { name: string; coder?: PayloadCoder | undefined } =
      typeof event === "string" ? { name: event } : event;
    if (name === "") throw new InvalidArgumentError("an event needs a name");
    const input = this.#converter.serialize(coder ? coder.encode(data) : data);
    await this.#hub.raiseEvent({ instanceId: id, name, input }, { signal });
    this.#log("client.raised", id, `event '${name}' is raised`);
  }

  /** Suspends an orchestration: what comes in for it is kept until it is resumed. Fails with `NOT_FOUND`. */
  async suspendOrchestration(id: string, options: ReasonOptions = {}): Promise<void> {
    const { reason, signal } = options;
    await this.#hub.suspendInstance({ instanceId: id, reason }, { signal });
    this.#log("client.suspended", id, "the orchestration is suspended");
  }

  /** Lets a suspended orchestration go on. Fails with `NOT_FOUND`. */
  async resumeOrchestration(id: string, options: ReasonOptions = {}): Promise<void> {
    const { reason, signal } = options;
    await this.#hub.resumeInstance({ instanceId: id, reason }, { signal });
    this.#log("client.resumed", id, "the orchestration is resumed");
  }

  /**
   * Ends an orchestration at once, without running its code again. Activities that have begun come to their end; their
   * results are dropped. Fails with `NOT_FOUND`.
   */
  async terminateOrchestration(id: string, options: TerminateOptions = {}): Promise<void> {
    const { output, recursive = false, signal } = options;
    const payload = this.#converter.serialize(output);
    await this.#hub.terminateInstance({ instanceId: id, output: payload, recursive }, { signal });
    this.#log("client.terminated", id, "the orchestration is terminated");
  }

  /**
   * Deletes what is kept of an orchestration that has ended; with `recursive`, of its children too. One that has not
   * ended, or does not exist, is not counted.
   */
  async purgeOrchestration(id: string, options: PurgeOptions = {}): Promise<PurgeResult> {
    const { recursive = false, signal } = options;
    const { deletedInstanceCount } = await this.#hub.purgeInstances(
      { request: { case: "instanceId", value: id }, recursive, isOrchestration: true },
      { signal },
    );
    this.#log("client.purged", id, `${deletedInstanceCount} orchestrations are purged`);
    return { deletedInstanceCount };
  }

  /** Lists orchestrations: `for await (const state of client.getAllInstances({ statuses: ["FAILED"] }))`. */
  getAllInstances(query: OrchestrationQuery = {}): OrchestrationList {
    const { fetchPayloads = false, signal } = query;
    return new OrchestrationList(async (continuationToken) => {
      const response = await this.#hub.queryInstances(
        { query: queryToWire(query, continuationToken) },
        { signal },
      );
      return {
        orchestrations: response.orchestrationState.map(
          (state) => new OrchestrationState(state, this.#converter, fetchPayloads),
        ),
        continuationToken: response.continuationToken || undefined,
      };
    }, query.continuationToken);
  }

  /**
   * Tells what an orchestration waits for; `undefined` where there is none. From its history, on any hub; given the
   * definition, it is replayed to find the names of the events that it waits for.
   */
  explain(id: string): Promise<Explanation | undefined>;
  explain(orchestrator: Registrable, id: string): Promise<Explanation | undefined>;
  async explain(first: string | Registrable, second?: string): Promise<Explanation | undefined> {
    const id = typeof first === "string" ? first : (second ?? "");
    const state = await this.getOrchestrationState(id, { fetchPayloads: false });
    if (state === undefined) return undefined;
    const history = await this.#history(id, {});
    const events =
      typeof first === "string" || state.hasEnded
        ? "unknown"
        : await awaitedEvents(first, history, this.#converter);
    return explainState(state, history, events, this.#workers);
  }

  /** The history of an orchestration's current execution, as typed events; empty where there is none. */
  async getOrchestrationHistory(
    id: string,
    options: SignalOptions = {},
  ): Promise<readonly HistoryEvent[]> {
    const events = await this.#history(id, options);
    return events.flatMap((event) => historyEventFromWire(event) ?? []);
  }

  /** The same history in the JSON form of the wire, which can be kept and replayed. */
  async getOrchestrationHistoryAsJson(
    id: string,
    options: SignalOptions = {},
  ): Promise<readonly JsonValue[]> {
    return historyToJson(await this.#history(id, options));
  }

  /** Nothing is held open between calls; the transport is closed by whoever opened it. */
  async close(): Promise<void> {}

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #log(event: LogEvent, instanceId: string, message: string): void {
    this.#logger.debug?.({ event, instanceId }, message);
  }

  async #history(id: string, { signal }: SignalOptions): Promise<WireEvent[]> {
    const events: WireEvent[] = [];
    for await (const chunk of this.#hub.streamInstanceHistory({ instanceId: id }, { signal })) {
      for (const event of chunk.events) events.push(event);
    }
    return events;
  }

  async #waitFor(
    method: "waitForInstanceStart" | "waitForInstanceCompletion",
    { id, options, output }: CallTarget<WaitForOptions>,
  ): Promise<OrchestrationState<never>> {
    const { timeout, signal, fetchPayloads = true } = options;
    const endsAt =
      timeout === undefined ? undefined : this.#clock.now() + durationToMs(timeout, "the timeout");
    const release = this.#hold.take();
    try {
      const response = await this.#poll(method, id, endsAt, signal, fetchPayloads);
      const state = this.#state(response, fetchPayloads, output);
      if (state === undefined) throw new TaskHubError("NOT_FOUND", `there is no instance '${id}'`);
      return state;
    } finally {
      release();
    }
  }

  async #poll(
    method: "waitForInstanceStart" | "waitForInstanceCompletion",
    id: string,
    endsAt: number | undefined,
    signal: AbortSignal | undefined,
    fetchPayloads: boolean,
  ): Promise<GetInstanceResponse> {
    for (;;) {
      const leftMs = endsAt === undefined ? Infinity : Math.max(0, endsAt - this.#clock.now());
      const options: CallOptions = { signal, timeoutMs: Math.min(longPollMs, leftMs) };
      try {
        const request = { instanceId: id, getInputsAndOutputs: fetchPayloads };
        return await this.#hub[method](request, options);
      } catch (error) {
        const isPoll = error instanceof TaskHubError && error.code === "DEADLINE_EXCEEDED";
        const isOver = endsAt !== undefined && this.#clock.now() >= endsAt;
        if (!isPoll || isOver) throw error;
      }
    }
  }

  #state(
    { exists, orchestrationState }: GetInstanceResponse,
    hasPayloads: boolean,
    output: PayloadCoder | undefined,
  ): OrchestrationState<never> | undefined {
    if (!exists || orchestrationState === undefined) return undefined;
    return new OrchestrationState<never>(orchestrationState, this.#converter, hasPayloads, output);
  }
}

function isDirectory(transport: object): transport is WorkerDirectory {
  return "hasWorkerFor" in transport;
}

/** Which orchestration a call is about, and how its output is decoded. */
interface CallTarget<Options> {
  readonly id: string;
  readonly options: Partial<Options>;
  readonly output: PayloadCoder | undefined;
}

/** `(id, options?)`, or `(definition, id, options?)` where the id does not remember its type. */
function readArguments<Options extends object>(args: readonly unknown[]): CallTarget<Options> {
  const [first] = args;
  const [id, options] = typeof first === "string" ? args : args.slice(1);
  if (typeof id !== "string" || id === "") {
    throw new InvalidArgumentError(`an instance id is needed, not ${JSON.stringify(id)}`);
  }
  const output = isReference(first) ? first.output : undefined;
  return { id, options: { ...(typeof options === "object" ? options : {}) }, output };
}

function isReference(value: unknown): value is OrchestratorReference<never, unknown, unknown> {
  return typeof value === "object" && value !== null && "kind" in value;
}
