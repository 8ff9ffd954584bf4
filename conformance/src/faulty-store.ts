import type {
  AttemptRecord,
  Batch,
  DetachedActivity,
  EndedQuery,
  InstanceRecord,
  KeptCall,
  LiveInstance,
  LogRow,
  Store,
  StoredInstance,
  StoreOpening,
  StoreQuery,
} from "@durabletask/backend";
import { settle } from "./settle.ts";

/**
 * What becomes of a commit: it fails, and nothing has reached the disk, or all of it has and only the answer is lost; or the
 * process dies in it, in the same two ways; or nothing.
 */
export type Fault = "lost" | "kept" | "died, lost" | "died, kept" | "none";

/** The store of the process that comes after one that died, and what gives the one after that. */
export type AfterDeath = () => readonly [Store, AfterDeath];

/** A store that fails when told to, and otherwise is the one it wraps. */
export class FaultyStore implements Store {
  readonly #store: Store;
  readonly #afterDeath: AfterDeath;
  /** What becomes of the next commits that hold anything, one after the other. Processes die of fences, too. */
  readonly faults: Fault[] = [];
  /** Called when the process dies in a commit: by then the disk is as it is left. */
  onDeath: () => void = () => {};
  /** While true nothing works. */
  isDown = false;
  /** While set, commits wait for it. */
  gate: Promise<void> | undefined;
  /** While true, commits take a few rounds of the event loop. */
  isSlow = false;
  /** While set, reads of one instance are held back after they were made. */
  findGate: Promise<void> | undefined;
  /** While set, reads of a log are held back after they were made. */
  chainGate: Promise<void> | undefined;
  /** While set, reads of kept calls are held back after they were made. */
  keptGate: Promise<void> | undefined;
  readonly batches: Batch[] = [];
  /** Fences that were committed. */
  readonly fences: string[] = [];
  /** What was committed, in order. */
  readonly order: ("batch" | "fence")[] = [];
  /** How many faults have come about, over all processes. */
  struck = 0;
  /** How often the store was opened, and how many commits were under way at once at most. */
  openings = 0;
  mostAtOnce = 0;
  #underWay = 0;

  /** Without `afterDeath` the next process gets the same store. */
  constructor(store: Store, afterDeath: AfterDeath = () => [store, afterDeath]) {
    this.#store = store;
    this.#afterDeath = afterDeath;
  }

  async open(): Promise<StoreOpening> {
    this.#check();
    this.openings++;
    return await this.#store.open();
  }

  async commit(batch: Batch): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#underWay);
    try {
      await this.#commit(batch);
    } finally {
      this.#underWay--;
    }
  }

  async #commit(batch: Batch): Promise<void> {
    await this.gate;
    if (this.isSlow) await settle(3);
    this.#check();
    const fault = this.#nextFault(batch);
    if (fault !== "none") this.struck++;
    if (fault === "died, lost") this.onDeath();
    if (fault.endsWith("lost")) throw new Error("injected: the commit was lost");
    await this.#store.commit(batch);
    this.order.push(batch.fence === undefined ? "batch" : "fence");
    if (batch.fence === undefined) this.batches.push(batch);
    else this.fences.push(batch.fence);
    if (fault === "died, kept") this.onDeath();
    if (fault.endsWith("kept")) throw new Error("injected: the commit was kept");
  }

  /** The fence of an opening does not fail: a fault is meant for what the test did. */
  #nextFault({ fence }: Batch): Fault {
    const isMeant = fence === undefined || this.faults[0]?.startsWith("died") === true;
    return (isMeant && this.faults.shift()) || "none";
  }

  async find(id: string, payloads: boolean): Promise<StoredInstance | undefined> {
    this.#check();
    const found = await this.#store.find(id, payloads);
    await this.findGate;
    return found;
  }

  async chain(tail: number): Promise<readonly LogRow[]> {
    this.#check();
    const rows = await this.#store.chain(tail);
    await this.chainGate;
    return rows;
  }

  async query(query: StoreQuery): Promise<readonly StoredInstance[]> {
    this.#check();
    return await this.#store.query(query);
  }

  async ended(query: EndedQuery): Promise<readonly InstanceRecord[]> {
    this.#check();
    return await this.#store.ended(query);
  }

  async children(parentId: string): Promise<readonly InstanceRecord[]> {
    this.#check();
    return await this.#store.children(parentId);
  }

  async live(after: number, limit: number): Promise<readonly LiveInstance[]> {
    this.#check();
    return await this.#store.live(after, limit);
  }

  async detached(): Promise<readonly DetachedActivity[]> {
    this.#check();
    return await this.#store.detached();
  }

  async kept(executionId: string): Promise<readonly KeptCall[]> {
    this.#check();
    const calls = await this.#store.kept(executionId);
    await this.keptGate;
    return calls;
  }

  async attempts(): Promise<readonly AttemptRecord[]> {
    this.#check();
    return await this.#store.attempts();
  }

  async clear(): Promise<void> {
    this.#check();
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#underWay + 1);
    await this.#store.clear();
  }

  /** The same store after the death of the process that had this one. */
  successor(): FaultyStore {
    this.isDown = true;
    const next = new FaultyStore(...this.#afterDeath());
    next.batches.push(...this.batches);
    next.struck = this.struck;
    return next;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #check(): void {
    if (this.isDown) throw new Error("injected: the disk is away");
  }
}
