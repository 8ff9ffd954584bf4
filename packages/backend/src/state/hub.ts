import type { Clock, Logger } from "@durabletask/core";
import type { HistoryEvent } from "@durabletask/protobuf";
import type { WorkKind } from "../dispatch/dispatcher.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import type { WorkStream } from "../dispatch/work-stream.ts";
import type { Store, StoreOpening } from "../store/store.ts";
import { Alarms } from "../time/alarms.ts";
import { Delays } from "../time/delays.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { BackOffs } from "./back-offs.ts";
import { DetachedActivities } from "./detached-activities.ts";
import { HandOuts } from "./hand-outs.ts";
import { Histories } from "./histories.ts";
import type { Instance } from "./instance.ts";
import type { OpenBatch } from "./journal.ts";
import { Journal } from "./journal.ts";
import { type LeaseLimits, Leases } from "./leases.ts";
import type { PayloadLimit } from "./payload-limit.ts";
import { Removals } from "./removals.ts";
import { Quarantine } from "./quarantine.ts";
import { Lookups } from "./lookups.ts";
import { StoreReads } from "./store-reads.ts";
import type { Suspect } from "./suspect.ts";
import { UnclaimedWatch } from "./unclaimed.ts";
import { Waiters } from "./waiters.ts";
import type { Activity } from "./work.ts";

/** What a hub is made of. */
export interface HubParts {
  /** What queries may select it by. */
  readonly name: string;
  readonly store: Store;
  readonly clock: Clock;
  /** Counts milliseconds, in fractions: how long commits take, and the handing out of work. */
  readonly stopwatch: () => number;
  readonly logger: Logger;
  /** 32 hexadecimal digits that never come twice. */
  readonly newId: () => string;
  readonly maxHistoryEvents: number;
  /** So many deaths of the process an item may have caused for sure. */
  readonly maxAttempts: number;
  readonly leaseLimits: LeaseLimits;
  readonly payloads: PayloadLimit;
}

/**
 * Everything that an open hub holds in memory, and the steps that commands are made of. It is rebuilt from the store
 * on open and thrown away as a whole when a commit fails: there is no undo (decisions/013).
 *
 * Everything here happens in one go, without waiting: a command sees memory as all earlier commands have left it.
 */
export class Hub {
  readonly name: string;
  readonly store: StoreReads;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  readonly journal: Journal;
  readonly alarms: Alarms;
  readonly delays: Delays;
  readonly dispatcher: Dispatcher;
  readonly histories: Histories;
  readonly acknowledgements: Acknowledgements = new Acknowledgements();
  readonly waiters: Waiters = new Waiters();
  readonly lookups: Lookups = new Lookups();
  readonly removals: Removals = new Removals();
  readonly quarantine: Quarantine = new Quarantine(this);
  readonly maxAttempts: number;
  readonly payloads: PayloadLimit;
  readonly unclaimed: UnclaimedWatch = new UnclaimedWatch(this);

  /** Instances that live, and ended ones whose last commit is to come. */
  readonly instances: Map<string, Instance> = new Map();
  /** Children in memory by the id of their parent, whichever generation of it started them. */
  readonly childrenOf: Map<string, Set<Instance>> = new Map();
  readonly detached: DetachedActivities = new DetachedActivities();
  readonly leases: Leases;

  readonly #handOuts: HandOuts;
  readonly epoch: string;
  /** How many instances were rewound: what was read of an ended one before may not hold any more. */
  rewinds = 0;
  #lastKey: number;
  #lastDetached: number;
  /** Ends the hub, because of something that should not have happened. */
  readonly fail: (error: unknown) => void;
  #isClosing = false;

  constructor(parts: HubParts, opening: StoreOpening, onFailure: (error: unknown) => void) {
    this.name = parts.name;
    this.clock = parts.clock;
    this.logger = parts.logger;
    this.newId = parts.newId;
    this.maxAttempts = parts.maxAttempts;
    this.payloads = parts.payloads;
    this.leases = new Leases(this, parts.leaseLimits);
    this.fail = onFailure;
    this.epoch = parts.newId().slice(-12);
    this.#lastKey = opening.lastKey;
    this.#lastDetached = opening.lastDetached;
    this.histories = new Histories(parts.maxHistoryEvents);
    this.alarms = new Alarms(parts.clock, onFailure);
    this.delays = new Delays(parts.clock, onFailure);
    this.#handOuts = new HandOuts(this, parts.stopwatch);
    this.dispatcher = new Dispatcher(this.#handOuts);
    this.journal = new Journal(parts.store, opening, parts.stopwatch, {
      committed: (batch) => this.#committed(batch),
      failed: onFailure,
      isBusy: () => !this.isQuiet,
    });
    this.store = new StoreReads(parts.store, this.journal);
  }

  newKey(): number {
    return ++this.#lastKey;
  }

  newDetachedKey(): number {
    return ++this.#lastDetached;
  }

  /** Ends all streams, lets nothing begin any more, and resolves when everything so far is on disk. */
  async close(error: Error): Promise<void> {
    this.dispatcher.closeAll(error);
    this.alarms.stop();
    this.delays.stop();
    this.unclaimed.stop();
    this.#handOuts.stop();
    this.quarantine.close();
    this.#isClosing = true;
    await this.journal.close(error);
  }

  /** Refuses whoever waits, ends all streams, and never calls back again. */
  stop(error: Error): void {
    this.journal.stop(error);
    this.alarms.stop();
    this.delays.stop();
    this.unclaimed.stop();
    this.#handOuts.stop();
    this.waiters.rejectAll(error);
    this.dispatcher.closeAll(error);
  }

  /** Lets an instance be found. */
  register(instance: Instance): void {
    this.instances.set(instance.id, instance);
    const parentId = parentOf(instance);
    if (parentId === undefined) return;
    const siblings = this.childrenOf.get(parentId) ?? new Set();
    this.childrenOf.set(parentId, siblings.add(instance));
  }

  /** Lets go of an instance. */
  unregister(instance: Instance): void {
    if (this.instances.get(instance.id) === instance) this.instances.delete(instance.id);
    this.lookups.overtake(instance.id);
    this.histories.drop(instance);
    const parentId = parentOf(instance);
    const siblings = parentId === undefined ? undefined : this.childrenOf.get(parentId);
    if (parentId === undefined || !siblings?.delete(instance)) return;
    if (siblings.size === 0) this.childrenOf.delete(parentId);
  }

  /** Puts an event into the inbox of a live instance: the last event of what has ended says how it ended. */
  deliver(instance: Instance, event: HistoryEvent): void {
    // Nearly always it is alone: an array that is pushed to gets room for sixteen more.
    if (instance.inbox.length === 0) instance.inbox = [event];
    else instance.inbox.push(event);
    this.journal.appendMessage(instance, [event]);
    this.considerTurn(instance);
  }

  /** Offers the instance's next turn to the workers, if there is one and nothing is in its way. */
  considerTurn(instance: Instance): void {
    if (instance.isQueued || instance.turn || instance.pause || instance.turnAfterBatch > 0) return;
    if (instance.hasEnded || instance.deliverable === 0) return;
    instance.isQueued = true;
    instance.readySince = this.clock.now();
    instance.isNamed = false;
    this.offerTurn(instance);
  }

  /** Puts a turn that is ready into its queue. */
  offerTurn(instance: Instance): void {
    if (instance.suspect) this.quarantine.offered(instance.suspect);
    else this.dispatcher.offerTurn(instance);
  }

  /** Its turn is not ready any more. */
  withdrawTurn(instance: Instance): void {
    instance.isQueued = false;
    instance.loading = undefined;
    instance.place?.leave();
    instance.pause?.();
    instance.pause = undefined;
  }

  /** No turn before the instant. */
  pauseUntil(instance: Instance, due: number): void {
    instance.pause?.();
    const alarm = this.alarms.add(due, () => this.#endPause(instance));
    instance.pause = () => this.alarms.cancel(alarm);
  }

  /** No turn for a while. */
  pauseFor(instance: Instance, delayMs: number): void {
    instance.pause?.();
    instance.pause = this.delays.after(delayMs, () => this.#endPause(instance));
  }

  #endPause(instance: Instance): void {
    instance.pause = undefined;
    instance.stamp(this.clock.now());
    this.considerTurn(instance);
  }

  /** Keeps the next turn from a worker for a while. Others may have it. */
  keepFrom(instance: Instance, stream: WorkStream): void {
    const backOffs = (instance.backOffs ??= new BackOffs());
    backOffs.add(stream, this.delays, () => {
      // Where it stands now this worker does not look; whichever place is found first counts.
      if (instance.backOffs !== backOffs || !instance.isQueued || instance.loading) return;
      instance.stamp(this.clock.now());
      this.offerTurn(instance);
    });
  }

  /** Keeps an activity from a worker for a while. Others may have it. */
  keepActivityFrom(activity: Activity, stream: WorkStream): void {
    const backOffs = (activity.backOffs ??= new BackOffs());
    backOffs.add(stream, this.delays, () => {
      if (activity.state === "ready") this.#offerActivity(activity);
    });
  }

  get isQuiet(): boolean {
    return this.leases.size === 0;
  }

  canTake({ item }: Suspect): boolean {
    const isTurn = item.kind === "turn";
    const { name, version } = isTurn ? item.instance.start : item.activity.event;
    return this.hasWorkerFor(isTurn ? "orchestration" : "activity", name, version);
  }

  hasWorkerFor(kind: WorkKind, name: string, version: string | undefined): boolean {
    return this.dispatcher.hasStreamFor(kind, name, version);
  }

  offer({ item }: Suspect): void {
    if (item.kind === "turn") this.dispatcher.offerTurn(item.instance);
    else this.dispatcher.offerActivity(item.activity);
  }

  pump(): void {
    this.dispatcher.pump();
  }

  offerActivity(activity: Activity): void {
    activity.state = "ready";
    activity.readySince = this.clock.now();
    this.#offerActivity(activity);
  }

  #offerActivity(activity: Activity): void {
    if (activity.suspect) this.quarantine.offered(activity.suspect);
    else this.dispatcher.offerActivity(activity);
  }

  #committed(batch: OpenBatch): void {
    for (const instance of batch.begun) this.waiters.reach(instance.id, "start");
    for (const ended of batch.ended) {
      const { instance } = ended;
      // Who has taken its id since, maybe in this very batch, is waited for in its place.
      const isReplaced = (this.instances.get(instance.id) ?? instance) !== instance;
      this.unregister(instance);
      if (!isReplaced) this.waiters.reach(instance.id, "end", ended);
    }
    // What follows would begin commands.
    if (this.#isClosing) return;
    for (const activity of batch.released)
      if (activity.state === "held") this.offerActivity(activity);
    for (const instance of batch.renewed) {
      instance.turnAfterBatch = 0;
      this.considerTurn(instance);
    }
    for (const suspect of batch.suspects) this.quarantine.committed(suspect);
    this.dispatcher.pump();
  }
}

function parentOf(instance: Instance): string | undefined {
  return instance.start.parentInstance?.orchestrationInstance?.instanceId;
}
