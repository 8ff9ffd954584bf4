import type { WorkItem } from "@durabletask/protobuf";
import type { PayloadConverter } from "../converter.ts";
import type { Logger } from "../logger.ts";
import type { TaskHubService } from "../task-hub-service.ts";
import type { Delivery } from "./delivery.ts";
import type { WorkerSettings } from "./options.ts";
import type { Watchdog } from "./watchdog.ts";

/** A kind of work: the case of `WorkItem.request`. */
export type WorkItemKind = Exclude<WorkItem["request"]["case"], "healthPing" | undefined>;

/** What a handler gets from the worker that it works for, anew at each start. */
export interface WorkerServices {
  readonly hub: TaskHubService;
  /** Brings what came of an item to the hub, with retries. */
  readonly delivery: Delivery;
  /** Aborted when the worker begins to stop. */
  readonly stopping: AbortSignal;
  readonly logger: Logger;
  readonly converter: PayloadConverter;
  readonly settings: WorkerSettings;
  /** Told what code runs, where the worker watches the event loop. */
  readonly watchdog: Watchdog | undefined;
}

/** An item that a worker is at, as its handler sees it. */
export interface RunningItem {
  readonly item: WorkItem;
  /** The code in it has ended: other code may run, though what came of it is yet to be delivered. */
  codeEnded(): void;
  /** What came of it is delivered, or given up. */
  ended(): void;
  /** The handler itself broke off: the item goes back to the hub. */
  failed(error: unknown): void;
}

/** Runs work items of one kind. Orchestrations and activities have one each; extensions add theirs. */
export interface WorkItemHandler {
  /** Items that run at the same time at most. */
  readonly concurrency: number;
  /**
   * Runs an item and delivers what comes of it. Says when the code in it has ended, and when nothing is left to do: that may be
   * long after the promise is resolved, which must not reject. What needs no promise gives none.
   */
  run(running: RunningItem): Promise<void> | undefined;
  /** Hands an item back to the hub. */
  abandon(completionToken: string): Promise<unknown>;
}

export type CreateWorkItemHandler = (services: WorkerServices) => WorkItemHandler;
