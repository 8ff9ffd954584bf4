import { setMaxListeners } from "node:events";
import type { WorkItem } from "@durabletask/protobuf";
import { WorkerCapability } from "@durabletask/protobuf";
import { createTaskHubService, type TaskHubService } from "../task-hub-service.ts";
import type { Transport } from "../transport.ts";
import { sleep } from "../backoff.ts";
import { longestTimerMs } from "../clock.ts";
import { CarriedWork } from "./carried-work.ts";
import { Delivery } from "./delivery.ts";
import type { WorkerSettings } from "./options.ts";
import type { WorkerRegistry } from "./registry.ts";
import { type Lane, type Running, RunningItems } from "./running-items.ts";
import { Slots } from "./slots.ts";
import { Watchdog } from "./watchdog.ts";
import { filtersToWire } from "./work-item-filters.ts";
import { WorkSlice } from "./work-slice.ts";
import { WorkItemStream } from "./work-item-stream.ts";
import type { WorkerServices } from "./work-item-handler.ts";

/** How long `stop()` waits for the hub to take back what has not ended in time. */
const handBackMs = 5000;

/** What goes back to the hub in the end. */
type LeftOver = Pick<Running, "item" | "lane">;

/**
 * One run of a worker, from start to stop: keeps a stream of work open, runs what comes within the limits, delivers.
 *
 * Stopping drains: no new work begins, the stream stays open so that work under way keeps its lease, activities learn of
 * it by their signal. What has not ended in time is abandoned.
 */
export class WorkLoop {
  readonly #hub: TaskHubService;
  readonly #settings: WorkerSettings;
  readonly #lanes: ReadonlyMap<WorkItem["request"]["case"], Lane>;
  /** Aborted when the worker begins to stop. */
  readonly #stopping = new AbortController();
  /** Aborted when its time is up. */
  readonly #ended = new AbortController();
  readonly #underWay = new RunningItems({
    begin: (running) => this.#begin(running),
    ended: (running) => this.#finish(running),
    failed: (running, error) => this.#failed(running, error),
  });
  readonly #carried = new CarriedWork();
  readonly #slice: WorkSlice;
  /** While stopping: what was handed back, by instance and task. */
  readonly #turnedAway = new Set<string>();
  /** While stopping: what the hub has sent all the same, once more. It goes back when the stream is closed. */
  readonly #held: LeftOver[] = [];
  /** Where work comes from; open from the start. */
  readonly stream: WorkItemStream;
  #whenDrained: (() => void) | undefined;
  readonly #watchdog: Watchdog | undefined;

  constructor(transport: Transport, registry: WorkerRegistry, settings: WorkerSettings) {
    this.#hub = createTaskHubService(transport);
    this.#settings = settings;
    // Every activity may listen to the one signal.
    setMaxListeners(0, this.#stopping.signal, this.#ended.signal);
    const { clock, watchdogMs } = settings;
    this.#slice = new WorkSlice(
      () => clock.now(),
      () => this.#goOn(),
    );
    this.#watchdog =
      watchdogMs === undefined ? undefined : new Watchdog(watchdogMs, settings.logger);
    const services: WorkerServices = {
      hub: this.#hub,
      delivery: new Delivery({
        clock: settings.clock,
        logger: settings.logger,
        signal: this.#ended.signal,
        carried: this.#carried,
        connecting: () => this.stream.connecting(),
      }),
      stopping: this.#stopping.signal,
      logger: settings.logger,
      converter: settings.converter,
      settings,
      watchdog: this.#watchdog,
    };
    this.#lanes = new Map(
      Array.from(registry.handlers, ([kind, create]) => {
        const handler = create(services);
        return [kind, { handler, slots: new Slots(handler.concurrency, this.#slice) }];
      }),
    );
    this.stream = this.#open(settings, registry);
  }

  /** Drains, then closes. Resolves when nothing of this run is left. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the worker is stopping"));
    this.stream.drain();
    await this.#drained();
    this.#slice.stop();
    await this.#handBackAll(this.#underWay.clear());
    this.stream.close();
    await this.#handBackAll(this.#held);
    this.#ended.abort();
    await this.#watchdog?.stop();
    this.#settings.logger.info?.({ event: "worker.stopped" }, "the worker has stopped");
  }

  async #handBackAll(items: readonly LeftOver[]): Promise<void> {
    if (items.length === 0) return;
    const handedBack = Promise.allSettled(
      items.map(({ item, lane }) => lane.handler.abandon(item.completionToken)),
    );
    await Promise.race([handedBack, sleep(this.#settings.clock, handBackMs, this.#ended.signal)]);
  }

  #open({ sessionCount, ...settings }: WorkerSettings, registry: WorkerRegistry): WorkItemStream {
    return new WorkItemStream({
      hub: this.#hub,
      clock: settings.clock,
      random: settings.random,
      logger: settings.logger,
      request: {
        maxConcurrentOrchestrationWorkItems: settings.orchestrations,
        maxConcurrentActivityWorkItems: settings.activities,
        maxConcurrentEntityWorkItems: this.#entities(),
        capabilities: [WorkerCapability.HISTORY_STREAMING],
        workItemFilters: filtersToWire({ sessionCount, ...settings }, registry),
      },
      headers: sessionCount > 0 ? { "durabletask-extended-sessions": "1" } : {},
      onItem: (item) => this.#dispatch(item),
      onLost: () => this.#carried.carry(this.#underWay.items),
    });
  }

  #entities(): number {
    const lane = this.#lanes.get("entityRequestV2") ?? this.#lanes.get("entityRequest");
    return lane?.handler.concurrency ?? 0;
  }

  /** The event loop has come round: what waits for that may begin. */
  #goOn(): void {
    for (const { slots } of this.#lanes.values()) slots.serve();
  }

  #dispatch(item: WorkItem): void {
    const lane = this.#lanes.get(item.request.case);
    if (lane === undefined) return this.#refuse(item);
    if (this.#stopping.signal.aborted) return this.#turnAway(item, lane);
    if (!this.#carried.renews(item)) this.#underWay.add(item, lane);
    return undefined;
  }

  /** Work that nothing here can handle goes back; a ping only shows that the stream lives. */
  #refuse({ request, completionToken }: WorkItem): void {
    if (request.case !== "entityRequest" && request.case !== "entityRequestV2") return;
    this.#report(this.#hub.abandonTaskEntityWorkItem({ completionToken }));
  }

  #begin(running: Running): void {
    const { item, lane } = running;
    if (this.#stopping.signal.aborted) {
      const abandoned = lane.handler.abandon(item.completionToken);
      return watch(
        running,
        abandoned.then(() => running.ended()),
      );
    }
    try {
      const run = lane.handler.run(running);
      if (run !== undefined) watch(running, run);
    } catch (error) {
      running.failed(error);
    }
    return undefined;
  }

  /** For others to run. A hub that does not know of draining workers may send it here again, over and over. */
  #turnAway(item: WorkItem, lane: Lane): void {
    const key = keyOf(item);
    if (this.#turnedAway.has(key)) this.#held.push({ item, lane });
    else this.#handBack(item, lane);
    this.#turnedAway.add(key);
  }

  #finish({ item }: Running): void {
    const again = this.#carried.end(item);
    if (again !== undefined) this.#dispatch(again);
    if (this.#underWay.isEmpty) this.#whenDrained?.();
  }

  #failed({ item, lane }: Running, error: unknown): void {
    this.#settings.logger.error?.(
      { event: "worker.error", error },
      "a work item ended in an error of the worker's own",
    );
    this.#handBack(item, lane);
  }

  #handBack({ completionToken }: WorkItem, { handler }: Lane): void {
    this.#report(handler.abandon(completionToken));
  }

  #report(abandoned: Promise<unknown>): void {
    abandoned.catch((error: unknown) => {
      this.#settings.logger.warn?.(
        { event: "abandon.refused", error },
        "a work item could not be handed back",
      );
    });
  }

  /** Resolves when all that is under way has ended, or when its time is up. */
  #drained(): Promise<void> {
    if (this.#underWay.isEmpty) return Promise.resolve();
    const { clock, shutdownTimeoutMs } = this.#settings;
    return new Promise((resolve) => {
      const cancel = clock.schedule(resolve, Math.min(shutdownTimeoutMs, longestTimerMs));
      this.#whenDrained = () => {
        cancel();
        resolve();
      };
    });
  }
}

function watch(running: Running, run: Promise<void>): void {
  run.catch((error: unknown) => running.failed(error));
}

function keyOf({ request }: WorkItem): string {
  switch (request.case) {
    case "activityRequest": {
      const { orchestrationInstance, taskId } = request.value;
      return JSON.stringify([request.case, orchestrationInstance?.instanceId, taskId]);
    }
    case "orchestratorRequest":
    case "entityRequest":
    case "entityRequestV2":
      return JSON.stringify([request.case, request.value.instanceId]);
    default:
      return "";
  }
}
