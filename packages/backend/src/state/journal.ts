import { TaskHubError } from "@durabletask/core";
import type { HistoryEvent } from "@durabletask/protobuf";
import type {
  AttemptRecord,
  Batch,
  DetachedActivity,
  KeptCall,
  LogRow,
  Store,
  StoreOpening,
} from "../store/store.ts";
import { BoundedWait } from "./bounded-wait.ts";
import type { EndedInstance, Instance } from "./instance.ts";
import { RecentMean } from "./recent-mean.ts";
import type { Suspect } from "./suspect.ts";
import type { Activity } from "./work.ts";

/** Commands a batch takes before the hub stops handing out work: what waits for a slow disk must not grow without bound. */
const maxCommands = 1_024;

/** Where the journal hands over to the hub. */
export interface JournalListener {
  /** A batch is on disk: what waited for it may go out. */
  committed(batch: OpenBatch): void;
  /** A commit failed. The journal takes nothing more. */
  failed(error: unknown): void;
  /** Whether workers are at something that may bring more. */
  isBusy(): boolean;
}

/**
 * Collects what commands change and commits it batch by batch.
 *
 * Owns the numbering of log rows and the order of batches; does not know what a command means. One batch is under way
 * at a time, everything that comes meanwhile forms the next one. A batch starts with its first command and is sent
 * when the event loop comes round, so that all that is runnable without I/O joins it; after a slow commit it waits a little
 * longer (`BoundedWait`).
 */
export class Journal {
  readonly #store: Store;
  readonly #listener: JournalListener;
  #nextRow: number;
  #open: OpenBatch;
  #underWay: OpenBatch | undefined;
  #scheduled: NodeJS.Immediate | undefined;
  #dead: Error | undefined;
  /** While it is being closed: what new commands are refused with. */
  #refusal: Error | undefined;
  #commit: Promise<void> = Promise.resolve();
  /** Batches committed so far. */
  commits = 0;
  readonly #durations = new RecentMean(100);
  readonly #stopwatch: () => number;
  readonly #wait: BoundedWait;

  constructor(
    store: Store,
    opening: StoreOpening,
    stopwatch: () => number,
    listener: JournalListener,
  ) {
    this.#store = store;
    this.#stopwatch = stopwatch;
    this.#wait = new BoundedWait(stopwatch);
    this.#listener = listener;
    this.#nextRow = opening.lastRow + 1;
    this.#open = new OpenBatch(1);
  }

  /** Rows of the log written so far, over all openings. */
  get rows(): number {
    return this.#nextRow - 1;
  }

  /** The mean of the last commits. */
  get millisecondsPerCommit(): number | undefined {
    return this.#durations.mean;
  }

  /** Whether the open batch has enough: nothing is handed out until it is on its way. */
  get isFull(): boolean {
    return this.#open.commands >= maxCommands;
  }

  /** A command begins. Throws when the journal takes nothing more. */
  begin(): OpenBatch {
    this.throwIfStopped();
    if (this.#refusal) throw this.#refusal;
    this.#open.commands++;
    this.#schedule();
    return this.#open;
  }

  throwIfStopped(): void {
    if (this.#dead) throw this.#dead;
  }

  /** The batch that the command which runs now belongs to. */
  get batch(): OpenBatch {
    return this.#open;
  }

  /** Resolves when batch `number` is on disk; rejects with UNAVAILABLE when it did not get there. */
  settled(number: number): Promise<void> {
    if (this.#dead) return Promise.reject(this.#dead);
    if (number === this.#open.number && this.#open.commands > 0) return this.#open.settled;
    if (number === this.#underWay?.number) return this.#underWay.settled;
    return Promise.resolve();
  }

  /** Resolves when everything so far is on disk. */
  allSettled(): Promise<void> {
    if (this.#open.commands > 0) return this.#open.settled;
    return this.settled(this.#underWay?.number ?? 0);
  }

  /** Resolves when no commit is under way, however the last one ended. */
  get quiet(): Promise<void> {
    return this.#commit;
  }

  /** Refuses new commands with `refusal`, and commits what is there, one batch after the other. */
  async close(refusal: Error): Promise<void> {
    this.#refusal = refusal;
    await this.allSettled();
    await this.quiet;
  }

  /** Records events that came for an instance. */
  appendMessage(instance: Instance, events: readonly HistoryEvent[]): void {
    const row = this.#rowOf(instance);
    row.arrived += events.length;
    // Most rows get one event: an array that is pushed to has room for sixteen more, which would stay for as long as the row.
    if (row.events.length === 0) row.events = events.slice();
    // One by one: as arguments, a hundred thousand events would overflow the stack.
    else for (const event of events) row.events.push(event);
  }

  /** Records a turn that took the first `consumed` events of the inbox. */
  appendTurn(
    instance: Instance,
    consumed: number,
    started: HistoryEvent,
    recorded: readonly HistoryEvent[],
  ): void {
    const row = this.#rowOf(instance);
    row.consumed = consumed;
    // Nothing comes after it: the array has room for no more, as one that is spread into would have.
    row.events = row.events.concat([started], recorded);
    // What comes after the turn belongs to a row of its own.
    instance.openRow = undefined;
  }

  /** Starts a new chain, whose first row holds `events`. */
  appendHead(instance: Instance, events: readonly HistoryEvent[]): void {
    instance.tail = 0;
    instance.openRow = undefined;
    this.appendMessage(instance, events);
    instance.head = instance.tail;
  }

  /** The record of a known instance changed. At most one update per instance and batch is written. */
  touch(instance: Instance): void {
    this.#open.touched.add(instance);
    instance.batch = this.#open.number;
  }

  insert(instance: Instance): void {
    this.#open.inserted.add(instance);
    instance.batch = this.#open.number;
  }

  /** Removes an instance that is in memory, chain and all. */
  remove(instance: Instance): void {
    this.#open.touched.delete(instance);
    this.#open.removedChains.push(instance.tail);
    if (!this.#open.inserted.delete(instance)) this.#open.removed.push(instance.key);
    else this.#open.unkeepOf(instance.executionId);
  }

  /** Takes nothing more, and refuses with `error` whoever still waits. */
  stop(error: Error): void {
    if (this.#dead) return;
    this.#dead = error;
    clearImmediate(this.#scheduled);
    this.#open.reject(error);
    this.#underWay?.reject(error);
  }

  /** The row that takes what happens to an instance next: one row for what comes and the turn that takes it. */
  #rowOf(instance: Instance): OpenRow {
    this.touch(instance);
    if (instance.openRow?.batch === this.#open.number) return instance.openRow;
    const row: OpenRow = {
      batch: this.#open.number,
      row: this.#nextRow++,
      key: instance.key,
      prev: instance.tail,
      arrived: 0,
      consumed: undefined,
      events: [],
    };
    this.#open.log.push(row);
    instance.openRow = row;
    instance.tail = row.row;
    return row;
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay) return;
    this.#scheduled = setImmediate(() => this.#send());
  }

  #send(): void {
    this.#scheduled = undefined;
    const batch = this.#open;
    if (this.#dead || batch.commands === 0) return;
    if (this.#isWorthWaiting(batch)) return this.#schedule();
    this.#open = new OpenBatch(batch.number + 1);
    this.#underWay = batch;
    const begun = performance.now();
    const sent = this.#stopwatch();
    this.#commit = commit(this.#store, batch)
      .then(() => {
        this.#durations.add(performance.now() - begun);
        this.#wait.acknowledged(batch.commands, this.#stopwatch() - sent);
        this.#committed(batch);
      })
      // What breaks off after a commit is a crash as well.
      .catch((error: unknown) => this.#listener.failed(error));
  }

  /** While it is being closed nothing more comes, whatever workers are at. */
  #isWorthWaiting({ commands }: OpenBatch): boolean {
    return !this.#refusal && this.#wait.goesOn(commands, this.#listener.isBusy());
  }

  #committed(batch: OpenBatch): void {
    if (this.#dead) return;
    this.#underWay = undefined;
    this.commits++;
    batch.resolve();
    this.#listener.committed(batch);
    if (this.#open.commands > 0) this.#schedule();
  }
}

/** A store that throws instead of rejecting has failed in the same way. */
function commit(store: Store, batch: OpenBatch): Promise<void> {
  try {
    return store.commit(batch.seal());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** A row that still takes events: until its turn, or until its batch is sent. */
export interface OpenRow extends LogRow {
  readonly batch: number;
  arrived: number;
  consumed: number | undefined;
  events: HistoryEvent[];
}

/** A batch that still takes changes, and what is to happen once it is on disk. */
export class OpenBatch {
  readonly number: number;
  commands = 0;

  readonly log: LogRow[] = [];
  readonly touched: Set<Instance> = new Set();
  readonly inserted: Set<Instance> = new Set();
  readonly removed: number[] = [];
  readonly removedChains: number[] = [];
  readonly detached: DetachedActivity[] = [];
  readonly undetached: number[] = [];
  readonly kept: KeptCall[] = [];
  readonly unkept: number[] = [];
  readonly attempts: Map<object, AttemptRecord> = new Map();

  /** Activities that may be handed out afterwards. */
  readonly released: Activity[] = [];
  /** Suspects whose attempts this batch records. */
  readonly suspects: Suspect[] = [];
  /** Instances whose first turn this is. */
  readonly begun: Instance[] = [];
  /** Instances that wait for this batch before their next turn. */
  readonly renewed: Instance[] = [];
  /** Instances that leave memory afterwards. */
  readonly ended: EndedInstance[] = [];

  readonly settled: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;

  constructor(number: number) {
    this.number = number;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.settled = promise;
    this.resolve = resolve;
    this.reject = reject;
    // A batch that nobody waits for may fail too; the listener hears of it.
    promise.catch(() => undefined);
  }

  /** The instance of this execution never was in the store. */
  unkeepOf(executionId: string): void {
    for (const call of this.kept) if (call.executionId === executionId) this.unkept.push(call.key);
  }

  seal(): Batch {
    const updated = [];
    for (const instance of this.touched)
      if (!this.inserted.has(instance)) updated.push(instance.toRecord());
    return {
      log: this.log,
      removedChains: this.removedChains,
      removed: this.removed,
      inserted: Array.from(this.inserted, (instance) => instance.toRecord()),
      updated,
      detached: this.detached,
      undetached: this.undetached,
      kept: this.kept,
      unkept: this.unkept,
      attempts: Array.from(this.attempts.values()),
      fence: undefined,
    };
  }
}

/** What callers get whose call may or may not have taken effect. */
export function unavailable(message: string, cause?: unknown): TaskHubError {
  return new TaskHubError("UNAVAILABLE", message, { cause });
}
