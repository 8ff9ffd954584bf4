import { setMaxListeners } from "node:events";
import type { WorkItem } from "@durabletask/protobuf";
import { createTaskHubService, type TaskHubService } from "../task-hub-service.ts";
import type { Transport } from "../transport.ts";
import { doubling, sleep } from "../backoff.ts";
import { Delivery } from "./delivery.ts";
import type { WorkerSettings } from "./options.ts";
import type { WorkerRegistry } from "./registry.ts";
import { Slots } from "./slots.ts";
import { Watchdog } from "./watchdog.ts";
import { filtersToWire } from "./work-item-filters.ts";
import type { WorkerServices, WorkItemHandler } from "./work-item-handler.ts";

/** What a timer of the platform can hold: 24 days. */
const longestTimerMs = 2 ** 31 - 1;

/** How long `stop()` waits for the hub to take back what has not ended in time. */
const handBackMs = 5000;

/** A stream that has lived so long shows that the hub is well, even if it had no work. */
const wellMs = 30_000;

/** Who handles a kind of work, and how much of it runs at the same time. */
interface Lane {
  readonly handler: WorkItemHandler;
  readonly slots: Slots;
}

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
  /** Tokens of what is under way, each with what hands it back. */
  readonly #underWay = new Map<WorkItem, () => Promise<unknown>>();
  #stream: AsyncIterator<WorkItem> | undefined;
  #whenDrained: (() => void) | undefined;
  readonly #watchdog: Watchdog | undefined;
  readonly #filters: ReturnType<typeof filtersToWire>;
  readonly #finished: Promise<void>;

  constructor(transport: Transport, registry: WorkerRegistry, settings: WorkerSettings) {
    this.#hub = createTaskHubService(transport);
    this.#settings = settings;
    // Every activity may listen to the one signal.
    setMaxListeners(0, this.#stopping.signal, this.#ended.signal);
    const { watchdogMs } = settings;
    this.#watchdog =
      watchdogMs === undefined ? undefined : new Watchdog(watchdogMs, settings.logger);
    const services: WorkerServices = {
      hub: this.#hub,
      delivery: new Delivery(settings.clock, settings.logger, this.#ended.signal),
      stopping: this.#stopping.signal,
      logger: settings.logger,
      converter: settings.converter,
      settings,
      watchdog: this.#watchdog,
    };
    this.#lanes = new Map(
      Array.from(registry.handlers, ([kind, create]) => {
        const handler = create(services);
        return [kind, { handler, slots: new Slots(handler.concurrency) }];
      }),
    );
    this.#filters = filtersToWire(settings, registry);
    this.#finished = this.#run();
  }

  /** Drains, then closes. Resolves when nothing of this run is left. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the worker is stopping"));
    await this.#drained();
    const leftovers = [...this.#underWay.values()];
    this.#underWay.clear();
    if (leftovers.length > 0) {
      const handedBack = Promise.allSettled(leftovers.map((abandon) => abandon()));
      await Promise.race([handedBack, sleep(this.#settings.clock, handBackMs, this.#ended.signal)]);
    }
    // Closed, not lost: the hub gives what this stream still holds to others at once. A transport whose iterator is a
    // generator takes that up only after the pending next(), which the signal ends.
    void this.#stream?.return?.().catch(() => {});
    this.#ended.abort();
    await this.#finished;
    await this.#watchdog?.stop();
    this.#settings.logger.info?.({ event: "worker.stopped" }, "the worker has stopped");
  }

  /** Opens a stream, and another when it ends, until the worker stops. Never rejects. */
  async #run(): Promise<void> {
    const { clock, logger } = this.#settings;
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      const openedAt = clock.now();
      let error: unknown;
      try {
        await this.#hub.hello({}, { timeoutMs: 30_000, signal: this.#stopping.signal });
        await this.#consume(() => {
          failures = 0;
        });
      } catch (thrown) {
        error = thrown;
      }
      if (this.#stopping.signal.aborted) break;
      if (clock.now() - openedAt >= wellMs) failures = 0;
      logger.warn?.(
        { event: "worker.disconnected", error },
        "the stream of work has ended; the worker connects again",
      );
      const delayMs = Math.random() * doubling(failures, 1000, 30_000);
      failures += 1;
      await sleep(clock, delayMs, this.#stopping.signal);
    }
  }

  async #consume(received: () => void): Promise<void> {
    const { orchestrations, activities, sessionCount, logger } = this.#settings;
    const stream = this.#hub.getWorkItems(
      {
        maxConcurrentOrchestrationWorkItems: orchestrations,
        maxConcurrentActivityWorkItems: activities,
        maxConcurrentEntityWorkItems: this.#entities(),
        workItemFilters: this.#filters,
      },
      {
        signal: this.#ended.signal,
        headers: sessionCount > 0 ? { "durabletask-extended-sessions": "1" } : {},
      },
    );
    this.#stream = stream[Symbol.asyncIterator]();
    logger.info?.(
      { event: "worker.connected", orchestrations, activities },
      "the worker is connected",
    );
    for (
      let next = await this.#stream.next();
      next.done !== true;
      next = await this.#stream.next()
    ) {
      received();
      this.#dispatch(next.value);
    }
  }

  #entities(): number {
    const lane = this.#lanes.get("entityRequestV2") ?? this.#lanes.get("entityRequest");
    return lane?.handler.concurrency ?? 0;
  }

  #dispatch(item: WorkItem): void {
    const lane = this.#lanes.get(item.request.case);
    if (lane === undefined) return this.#refuse(item);
    const { handler, slots } = lane;
    const abandon = (): Promise<unknown> => handler.abandon(item.completionToken);
    if (this.#stopping.signal.aborted) return this.#handBack(abandon);
    this.#underWay.set(item, abandon);
    slots.run(() => {
      const mayRun = this.#underWay.has(item) && !this.#stopping.signal.aborted;
      void this.#finish(
        item,
        slots,
        mayRun ? (ended) => handler.run(item, ended) : abandon,
        abandon,
      );
    });
    return undefined;
  }

  /** Work that nothing here can handle goes back; a ping only shows that the stream lives. */
  #refuse({ request, completionToken }: WorkItem): void {
    if (request.case !== "entityRequest" && request.case !== "entityRequestV2") return;
    this.#handBack(() => this.#hub.abandonTaskEntityWorkItem({ completionToken }));
  }

  /** The slot is free when the code has ended: a slow delivery must not keep other code from running. */
  async #finish(
    item: WorkItem,
    slots: Slots,
    work: (codeEnded: () => void) => Promise<unknown>,
    abandon: () => Promise<unknown>,
  ): Promise<void> {
    let isReleased = false;
    const release = (): void => {
      if (!isReleased) slots.release();
      isReleased = true;
    };
    try {
      await work(release);
    } catch (error) {
      this.#settings.logger.error?.(
        { event: "worker.error", error },
        "a work item ended in an error of the worker's own",
      );
      this.#handBack(abandon);
    }
    release();
    this.#underWay.delete(item);
    if (this.#underWay.size === 0) this.#whenDrained?.();
  }

  #handBack(abandon: () => Promise<unknown>): void {
    void abandon().catch((error: unknown) => {
      this.#settings.logger.warn?.(
        { event: "abandon.refused", error },
        "a work item could not be handed back",
      );
    });
  }

  /** Resolves when all that is under way has ended, or when its time is up. */
  #drained(): Promise<void> {
    if (this.#underWay.size === 0) return Promise.resolve();
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
