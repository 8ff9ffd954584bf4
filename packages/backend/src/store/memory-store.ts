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
} from "./store.ts";
import { RowBlocks } from "./row-blocks.ts";

/**
 * Keeps everything in this process, and nothing beyond it. What was committed survives `close()` and `open()` of the
 * same object, so that tests can crash a hub on it.
 */
export function createMemoryStore(): Store {
  return new MemoryStore();
}

const nothing: StoreOpening = { lastKey: 0, lastRow: 0, lastDetached: 0, fence: undefined };

class MemoryStore implements Store {
  readonly #log = new RowBlocks();
  readonly #byKey = new Map<number, InstanceRecord>();
  readonly #keys = new Map<string, number>();
  readonly #children = new Map<string, Set<number>>();
  readonly #detached = new Map<number, DetachedActivity>();
  readonly #kept = new Map<number, KeptCall>();
  readonly #keptOf = new Map<string, Set<number>>();
  readonly #attempts = new Map<string, AttemptRecord>();
  #last: StoreOpening = nothing;

  open(): Promise<StoreOpening> {
    return Promise.resolve(this.#last);
  }

  commit(batch: Batch): Promise<void> {
    for (const row of batch.log) this.#log.add(row);
    for (const call of batch.kept) this.#keep(call);
    for (const key of batch.unkept) this.#letGo(key);
    for (const tail of batch.removedChains) this.#removeChain(tail);
    for (const key of batch.removed) this.#removeInstance(key);
    for (const record of batch.inserted) this.#insert(record);
    for (const record of batch.updated) this.#byKey.set(record.key, record);
    for (const activity of batch.detached) this.#detached.set(activity.key, activity);
    for (const key of batch.undetached) this.#detached.delete(key);
    for (const record of batch.attempts) this.#record(record);
    this.#last = {
      lastKey: Math.max(this.#last.lastKey, batch.inserted.at(-1)?.key ?? 0),
      lastRow: Math.max(this.#last.lastRow, batch.log.at(-1)?.row ?? 0),
      lastDetached: batch.kept.reduce(
        (last, { key }) => Math.max(last, key),
        Math.max(this.#last.lastDetached, batch.detached.at(-1)?.key ?? 0),
      ),
      fence: batch.fence ?? this.#last.fence,
    };
    return Promise.resolve();
  }

  find(id: string, payloads: boolean): Promise<StoredInstance | undefined> {
    const key = this.#keys.get(id);
    const record = key === undefined ? undefined : this.#byKey.get(key);
    return Promise.resolve(record && this.#stored(record, payloads));
  }

  chain(tail: number): Promise<readonly LogRow[]> {
    return Promise.resolve(this.#chain(tail));
  }

  query(query: StoreQuery): Promise<readonly StoredInstance[]> {
    const found: StoredInstance[] = [];
    // Keys are inserted in growing order, so the map is in their order.
    for (const record of this.#byKey.values()) {
      if (found.length === query.limit) break;
      if (matches(record, query)) found.push(this.#stored(record, query.payloads));
    }
    return Promise.resolve(found);
  }

  ended(query: EndedQuery): Promise<readonly InstanceRecord[]> {
    const found = Array.from(this.#byKey.values()).filter((record) => endMatches(record, query));
    found.sort((a, b) => endOf(a) - endOf(b) || a.key - b.key);
    return Promise.resolve(found.slice(0, query.limit));
  }

  children(parentId: string): Promise<readonly InstanceRecord[]> {
    const keys = [...(this.#children.get(parentId) ?? [])];
    return Promise.resolve(
      keys.map((key) => this.#byKey.get(key)).filter((record) => record !== undefined),
    );
  }

  live(after: number, limit: number): Promise<readonly LiveInstance[]> {
    const found: LiveInstance[] = [];
    for (const record of this.#byKey.values()) {
      if (found.length === limit) break;
      if (record.key <= after || record.completedAt !== undefined) continue;
      found.push({ record, rows: this.#chain(record.tail) });
    }
    return Promise.resolve(found);
  }

  detached(): Promise<readonly DetachedActivity[]> {
    return Promise.resolve([...this.#detached.values()]);
  }

  kept(executionId: string): Promise<readonly KeptCall[]> {
    const keys = [...(this.#keptOf.get(executionId) ?? [])].sort((a, b) => a - b);
    return Promise.resolve(
      keys.map((key) => this.#kept.get(key)).filter((call) => call !== undefined),
    );
  }

  attempts(): Promise<readonly AttemptRecord[]> {
    return Promise.resolve([...this.#attempts.values()]);
  }

  clear(): Promise<void> {
    const parts = [this.#log, this.#byKey, this.#keys, this.#children, this.#detached];
    for (const part of parts) part.clear();
    for (const part of [this.#kept, this.#keptOf, this.#attempts]) part.clear();
    this.#last = nothing;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #insert(record: InstanceRecord): void {
    const replaced = this.#keys.get(record.id);
    if (replaced !== undefined) {
      this.#removeChain(this.#byKey.get(replaced)?.tail ?? 0);
      this.#removeInstance(replaced);
    }
    this.#keys.set(record.id, record.key);
    if (record.parentId !== undefined) this.#siblings(record.parentId).add(record.key);
    this.#byKey.set(record.key, record);
  }

  #keep(call: KeptCall): void {
    this.#kept.set(call.key, call);
    const keys = this.#keptOf.get(call.executionId) ?? new Set();
    this.#keptOf.set(call.executionId, keys.add(call.key));
  }

  #letGo(key: number): void {
    const call = this.#kept.get(key);
    if (!call) return;
    this.#kept.delete(key);
    const keys = this.#keptOf.get(call.executionId);
    if (keys?.delete(key) && keys.size === 0) this.#keptOf.delete(call.executionId);
  }

  #record(record: AttemptRecord): void {
    const { kind, instanceId, executionId, taskId, attempts } = record;
    const key = JSON.stringify([kind, instanceId, executionId, taskId]);
    if (attempts > 0) this.#attempts.set(key, record);
    else this.#attempts.delete(key);
  }

  #removeInstance(key: number): void {
    const record = this.#byKey.get(key);
    if (!record) return;
    this.#byKey.delete(key);
    this.#keys.delete(record.id);
    for (const kept of this.#keptOf.get(record.executionId) ?? []) this.#letGo(kept);
    if (record.parentId === undefined) return;
    const siblings = this.#siblings(record.parentId);
    siblings.delete(key);
    if (siblings.size === 0) this.#children.delete(record.parentId);
  }

  #siblings(parentId: string): Set<number> {
    const siblings = this.#children.get(parentId) ?? new Set();
    this.#children.set(parentId, siblings);
    return siblings;
  }

  #removeChain(tail: number): void {
    for (const { row } of this.#chain(tail)) this.#log.delete(row);
  }

  #chain(tail: number): LogRow[] {
    const rows: LogRow[] = [];
    for (let row = this.#log.get(tail); row; row = this.#log.get(row.prev)) rows.push(row);
    return rows.reverse();
  }

  #stored(record: InstanceRecord, payloads: boolean): StoredInstance {
    const events = (row: number) => this.#log.get(row)?.events ?? [];
    return {
      record,
      headEvents: payloads ? events(record.head) : [],
      tailEvents: payloads && record.completedAt !== undefined ? events(record.tail) : [],
    };
  }
}

function endOf({ completedAt }: InstanceRecord): number {
  return completedAt ?? Infinity;
}

function endMatches(record: InstanceRecord, query: EndedQuery): boolean {
  const { completedAt, key, status } = record;
  if (completedAt === undefined) return false;
  const { after, completedFrom, completedTo, statuses } = query;
  const isAfter =
    !after ||
    completedAt > after.completedAt ||
    (completedAt === after.completedAt && key > after.key);
  return (
    isAfter &&
    completedAt >= (completedFrom ?? -Infinity) &&
    completedAt <= (completedTo ?? Infinity) &&
    (statuses?.includes(status) ?? true)
  );
}

function matches(record: InstanceRecord, query: StoreQuery): boolean {
  return (
    record.key > query.after &&
    record.createdAt >= (query.createdFrom ?? -Infinity) &&
    record.createdAt <= (query.createdTo ?? Infinity) &&
    record.id.startsWith(query.idPrefix) &&
    (query.statuses?.includes(record.status) ?? true)
  );
}
