import type { JsonValue } from "@bufbuild/protobuf";
import type { GetInstanceResponse, HistoryEvent as WireEvent } from "@durabletask/protobuf";
import { type Clock, systemClock } from "../clock.ts";
import { jsonConverter, type PayloadConverter } from "../converter.ts";
import type {
  CallableOrchestrator,
  CallArguments,
  EventReference,
  OrchestratorReference,
} from "../engine/reference.ts";
import { type Callee, referenceOf } from "../engine/reference.ts";
import { TaskHubError } from "../errors.ts";
import type { Jsonify } from "../json.ts";
import type { PayloadCoder } from "../payload-format.ts";
import type { LogEvent } from "../log-event.ts";
import { defaultLogger, guardLogger, type Logger } from "../logger.ts";
import { ProcessHold } from "../process-hold.ts";
import { createTaskHubService, type TaskHubService } from "../task-hub-service.ts";
import type { Transport } from "../transport.ts";
import type { Registrable } from "../definition/registrable.ts";
import { readArguments } from "./call-target.ts";
import { waitForInstance, type WaitMethod } from "./instance-wait.ts";
import type {
  GetOptions,
  PurgeOptions,
  PurgeResult,
  ReasonOptions,
  RestartOptions,
  SignalOptions,
  TaskHubClientOptions,
  TerminateOptions,
  WaitForOptions,
} from "./options.ts";
import { awaitedEvents } from "./awaited-events.ts";
import { explainState, type Explanation, type WorkerDirectory } from "./explanation.ts";
import { type HistoryEvent, historyEventFromWire, historyToJson } from "./history.ts";
import type { InstanceId } from "../instance-id.ts";
import { OrchestrationState } from "./orchestration-state.ts";
import { type InstanceIdList, type InstanceIdQuery, listInstanceIds } from "./instance-ids.ts";
import {
  type PurgeFilter,
  purgeFilterToWire,
  type PurgeManyOptions,
  type PurgeManyResult,
} from "./purge.ts";
import { listOrchestrations, type OrchestrationList, type OrchestrationQuery } from "./query.ts";
import { type ScheduleOptions, scheduleRequest } from "./schedule.ts";

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
    this.#logger = guardLogger(options.logger ?? defaultLogger);
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
    const reference = referenceOf("scheduleNewOrchestration", orchestrator);
    const { name, input: coder, version = this.#defaultVersion } = reference;
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
  waitForOrchestrationStart(...args: readonly unknown[]): Promise<OrchestrationState<never>> {
    return this.#waitFor("waitForInstanceStart", args);
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
  waitForOrchestrationCompletion(...args: readonly unknown[]): Promise<OrchestrationState<never>> {
    return this.#waitFor("waitForInstanceCompletion", args);
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
    const { name } = referenceOf("raiseOrchestrationEvent", event);
    const coder = typeof event === "string" ? undefined : event.coder;
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

  /**
   * Deletes what is kept of all ended orchestrations that a filter finds. Fails with `INVALID_ARGUMENT` for a filter that
   * finds everything by accident: say which statuses, or from when to when.
   */
  async purgeOrchestrations(
    filter: PurgeFilter,
    options: PurgeManyOptions = {},
  ): Promise<PurgeManyResult> {
    const { recursive = false, timeout, signal } = options;
    const response = await this.#hub.purgeInstances(
      {
        request: { case: "purgeInstanceFilter", value: purgeFilterToWire(filter, timeout) },
        recursive,
        isOrchestration: true,
      },
      { signal },
    );
    const { deletedInstanceCount, isComplete } = response;
    return { deletedInstanceCount, isComplete: isComplete ?? "unknown" };
  }

  /**
   * Starts an orchestration again, with the same name, input, version and tags: under its own id, which needs one that has
   * ended (otherwise `FAILED_PRECONDITION`), or under a new one. Gives the id. Fails with `NOT_FOUND`.
   */
  restartOrchestration<Out>(
    id: InstanceId<Out>,
    options?: RestartOptions,
  ): Promise<InstanceId<Out>>;
  restartOrchestration(id: string, options?: RestartOptions): Promise<InstanceId>;
  async restartOrchestration(id: string, options: RestartOptions = {}): Promise<InstanceId<never>> {
    const { newInstanceId = false, signal } = options;
    const { instanceId } = await this.#hub.restartInstance(
      { instanceId: id, restartWithNewInstanceId: newInstanceId },
      { signal },
    );
    this.#log("client.restarted", instanceId, `orchestration ${id} is started again`);
    return instanceId as InstanceId<never>;
  }

  /**
   * Lets a failed orchestration go on from before its failure: what succeeded is kept, what failed is tried again, in its
   * children too. Fails with `NOT_FOUND`, or with `FAILED_PRECONDITION` for one that has not failed.
   */
  async rewindOrchestration(id: string, options: ReasonOptions = {}): Promise<void> {
    const { reason, signal } = options;
    await this.#hub.rewindInstance({ instanceId: id, reason }, { signal });
    this.#log("client.rewound", id, "the orchestration is rewound");
  }

  /** Makes the task hub, where that is a thing to be made; with `recreate`, empties one that exists. */
  async createTaskHub(options: { readonly recreate?: boolean | undefined } = {}): Promise<void> {
    await this.#hub.createTaskHub({ recreateIfExists: options.recreate ?? false });
  }

  /** Deletes the task hub with everything in it. */
  async deleteTaskHub(): Promise<void> {
    await this.#hub.deleteTaskHub({});
  }

  /** Lists the ids of ended orchestrations in the order in which they ended: `for await (const id of ...)`. */
  listInstanceIds(query: InstanceIdQuery = {}): InstanceIdList {
    return listInstanceIds(this.#hub, query);
  }

  /** Lists orchestrations: `for await (const state of client.getAllInstances({ statuses: ["FAILED"] }))`. */
  getAllInstances(query: OrchestrationQuery = {}): OrchestrationList {
    return listOrchestrations(this.#hub, query, this.#converter);
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

  async #waitFor(method: WaitMethod, args: readonly unknown[]): Promise<OrchestrationState<never>> {
    const { id, options, output } = readArguments<WaitForOptions>(args);
    const release = this.#hold.take();
    try {
      const response = await waitForInstance(this.#hub, method, id, options, this.#clock);
      const state = this.#state(response, options.fetchPayloads ?? true, output);
      if (state === undefined) throw new TaskHubError("NOT_FOUND", `there is no instance '${id}'`);
      return state;
    } finally {
      release();
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
