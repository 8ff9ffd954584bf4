import type { GetWorkItemsRequest, WorkItem } from "@durabletask/protobuf";
import { WorkerCapability } from "@durabletask/protobuf";
import type { Instance } from "../state/instance.ts";
import type { Lease } from "../state/work.ts";
import { Fifo } from "./fifo.ts";
import { LinkedList } from "./linked-list.ts";
import { WorkFilter } from "./work-filter.ts";

type Pull = PromiseWithResolvers<IteratorResult<WorkItem, undefined>>;

/** So many items of one kind a worker gets before one of the other, if both are ready. */
const mostInARow = 32;

/** How a stream ended: closed by its worker, its connection lost, or the hub went away. */
export type StreamEnd =
  | { readonly by: "worker" }
  | { readonly by: "connection"; readonly error: unknown }
  | { readonly by: "hub"; readonly error: unknown };

/** One worker's open stream of work: what it takes, how much more, and the `next()` calls that wait for more. */
export class WorkStream {
  /** Tells streams of one hub apart. */
  readonly number: number;
  readonly turnFilter: WorkFilter;
  readonly activityFilter: WorkFilter;
  /** Whether the worker keeps orchestrations live between turns (decisions/022). */
  readonly hasSessions: boolean;
  /** Whether the worker can read a large history by parts. */
  readonly readsHistory: boolean;
  /** How many more items of a kind the worker takes. */
  turnCredits: number;
  activityCredits: number;
  /** Turns whose sessions this worker has, kept for its next call for a moment. */
  readonly preferred: LinkedList<Instance> = new LinkedList();
  /** Which kind the worker gets next, if both are ready. */
  isActivityNext = false;
  #inARow = 0;
  end: StreamEnd | undefined;
  readonly #pulls = new Fifo<Pull>();

  constructor(request: GetWorkItemsRequest, hasSessions: boolean, number: number) {
    this.number = number;
    const filters = request.workItemFilters;
    this.turnFilter = new WorkFilter(filters?.orchestrations);
    this.activityFilter = new WorkFilter(filters?.activities);
    this.turnCredits = credits(request.maxConcurrentOrchestrationWorkItems);
    this.activityCredits = credits(request.maxConcurrentActivityWorkItems);
    this.hasSessions = hasSessions;
    this.readsHistory = request.capabilities.includes(WorkerCapability.HISTORY_STREAMING);
  }

  get isWaiting(): boolean {
    return this.#pulls.size > 0;
  }

  takesTurn(name: string, version: string | undefined): boolean {
    return !this.end && this.turnCredits > 0 && this.turnFilter.accepts(name, version);
  }

  takesActivity(name: string, version: string | undefined): boolean {
    return !this.end && this.activityCredits > 0 && this.activityFilter.accepts(name, version);
  }

  /** Puts a lease on the worker's account. */
  charge(lease: Lease): void {
    if (lease.kind === "turn") this.turnCredits--;
    else this.activityCredits--;
  }

  /** Takes it off again. */
  refund(lease: Lease): void {
    if (lease.kind === "turn") this.turnCredits++;
    else this.activityCredits++;
  }

  /**
   * Kinds take turns, but not item by item: after several activities their results are there together, and share one turn of
   * the orchestration that waits for them all.
   */
  noteKind(isActivity: boolean): void {
    this.#inARow = isActivity === this.isActivityNext ? this.#inARow + 1 : 1;
    const isEnough = this.#inARow >= mostInARow;
    this.isActivityNext = isEnough ? !isActivity : isActivity;
    if (isEnough) this.#inARow = 0;
  }

  wait(): Promise<IteratorResult<WorkItem, undefined>> {
    const pull: Pull = Promise.withResolvers();
    this.#pulls.push(pull);
    // What was to be handed out may have broken off, and ended it.
    if (this.end) this.finish(this.end);
    return pull.promise;
  }

  give(item: WorkItem): void {
    this.#pulls.shift()?.resolve({ done: false, value: item });
  }

  /** What `next()` answers from now on is up to how it ended. */
  finish(end: StreamEnd): void {
    this.end = end;
    for (let pull = this.#pulls.shift(); pull; pull = this.#pulls.shift()) {
      if (end.by === "worker") pull.resolve({ done: true, value: undefined });
      else pull.reject(end.error);
    }
  }
}

/** Older SDKs send 0 for what they do not limit. */
function credits(maximum: number): number {
  return maximum > 0 ? maximum : Infinity;
}
