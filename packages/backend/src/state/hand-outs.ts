import type { WorkItem } from "@durabletask/protobuf";
import type { WorkSource } from "../dispatch/dispatcher.ts";
import { Slice } from "../dispatch/slice.ts";
import type { WorkStream } from "../dispatch/work-stream.ts";
import type { Histories } from "./histories.ts";
import type { Instance } from "./instance.ts";
import type { Journal } from "./journal.ts";
import { leaseActivity, leaseTurn, needsHistory } from "./leasing.ts";
import type { Leases } from "./leases.ts";
import { replayLog } from "./log-replay.ts";
import type { Quarantine } from "./quarantine.ts";
import type { StoreReads } from "./store-reads.ts";
import type { UnclaimedWatch } from "./unclaimed.ts";
import type { Activity } from "./work.ts";

/** What handing out needs of the hub. */
interface HandOutsHost {
  readonly clock: { now(): number };
  readonly leases: Leases;
  readonly journal: Journal;
  readonly store: StoreReads;
  readonly histories: Histories;
  readonly quarantine: Quarantine;
  readonly unclaimed: UnclaimedWatch;
  /** Puts a turn that is ready into its queue. */
  offerTurn(instance: Instance): void;
  /** Serves workers that wait. */
  pump(): void;
  /** Something should not have happened. */
  fail(error: unknown): void;
}

/** What the dispatcher is given when it asks for work: decides whether an item may go to a worker now, and leases it. */
export class HandOuts implements WorkSource {
  readonly #hub: HandOutsHost;
  readonly #slice: Slice;

  constructor(hub: HandOutsHost, stopwatch: () => number) {
    this.#hub = hub;
    this.#slice = new Slice(stopwatch, () => hub.pump());
  }

  get mayHandOut(): boolean {
    const { journal, quarantine } = this.#hub;
    return !journal.isFull && !quarantine.isExclusive && !this.#slice.isOver;
  }

  stop(): void {
    this.#slice.stop();
  }

  /** Nobody takes it at this moment. */
  queued(): void {
    this.#hub.unclaimed.begin();
  }

  streamsChanged(): void {
    this.#hub.quarantine.check();
  }

  streamEnded(stream: WorkStream): void {
    this.#hub.leases.ended(stream);
  }

  failed(error: unknown): void {
    this.#hub.fail(error);
  }

  /** Before all else: the one item that is to run alone. */
  leaseUrgent(stream: WorkStream): WorkItem | undefined {
    const item = this.#hub.quarantine.admitted?.item;
    if (item?.kind === "turn") {
      const { name, version } = item.instance.start;
      return stream.takesTurn(name, version) ? this.leaseTurn(item.instance, stream) : undefined;
    }
    if (!item) return undefined;
    const { name, version } = item.activity.event;
    return stream.takesActivity(name, version)
      ? this.leaseActivity(item.activity, stream)
      : undefined;
  }

  leaseTurn(instance: Instance, stream: WorkStream): WorkItem | undefined {
    if (!instance.isQueued || instance.hasEnded || instance.deliverable === 0) {
      instance.isQueued = false;
      return undefined;
    }
    // It stands in another place too, or will again.
    if (instance.loading || instance.backOffs?.keepsFrom(stream)) return undefined;
    if (needsHistory(instance, stream)) {
      this.#loadHistory(instance);
      return undefined;
    }
    if (instance.suspect && !this.#hub.quarantine.admits(instance.suspect)) return undefined;
    instance.isQueued = false;
    this.#slice.begin();
    return leaseTurn(this.#hub, instance, stream);
  }

  leaseActivity(activity: Activity, stream: WorkStream): WorkItem | undefined {
    if (activity.state !== "ready" || activity.backOffs?.keepsFrom(stream)) return undefined;
    if (activity.suspect && !this.#hub.quarantine.admits(activity.suspect)) return undefined;
    this.#slice.begin();
    return leaseActivity(this.#hub, activity, stream);
  }

  // The instance stays marked as queued, so that nobody queues it again meanwhile.
  #loadHistory(instance: Instance): void {
    const { journal, store, histories } = this.#hub;
    const loading = {};
    instance.loading = loading;
    // Events that come meanwhile lengthen the chain, but record nothing of a turn.
    const { batch, tail } = instance;
    const load = async () => {
      await journal.settled(batch);
      const { history } = replayLog(await store.chain(tail));
      // Its turn came late from the one who had it first, or it has ended.
      if (instance.loading !== loading) return;
      instance.loading = undefined;
      histories.hold(instance, history);
      this.#hub.offerTurn(instance);
    };
    load().catch((error: unknown) => this.#hub.fail(error));
  }
}
