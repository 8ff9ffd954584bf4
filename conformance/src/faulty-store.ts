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

/** How a commit fails: nothing reached the disk, or all of it did and only the answer is lost. */
export type Fault = "lost" | "kept";

/** A store that fails when told to, and otherwise is the one it wraps. */
export class FaultyStore implements Store {
  readonly #store: Store;
  /** What becomes of the next commits that hold anything, one after the other. */
  readonly faults: Fault[] = [];
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
  /** How often the store was opened, and how many commits were under way at once at most. */
  openings = 0;
  mostAtOnce = 0;
  #underWay = 0;

  constructor(store: Store) {
    this.#store = store;
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
    // The fence of an opening is let through: a fault is meant for what the test did.
    const fault = batch.fence === undefined ? this.faults.shift() : undefined;
    if (fault === "lost") throw new Error("injected: the commit was lost");
    await this.#store.commit(batch);
    this.order.push(batch.fence === undefined ? "batch" : "fence");
    if (batch.fence === undefined) this.batches.push(batch);
    else this.fences.push(batch.fence);
    if (fault === "kept") throw new Error("injected: the commit was kept");
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
    const next = new FaultyStore(this.#store);
    next.batches.push(...this.batches);
    return next;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #check(): void {
    if (this.isDown) throw new Error("injected: the disk is away");
  }
}
