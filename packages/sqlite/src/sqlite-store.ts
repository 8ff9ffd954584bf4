import type { DatabaseSync, StatementSync } from "node:sqlite";
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
import type { Synchronous } from "./database.ts";
import { openDatabase } from "./database.ts";
import { endedRows, queryRows } from "./instance-query.ts";
import { removeOwner } from "./owner-file.ts";
import type { Row } from "./rows.ts";
import {
  decodeAttempts,
  decodeDetached,
  decodeEvents,
  decodeKept,
  decodeLogRow,
  decodeRecord,
  encodeEvents,
  encodeKept,
  encodeRequest,
  encodeTags,
  encodeTrace,
} from "./rows.ts";
import type { Statements } from "./statements.ts";
import { prepareStatements } from "./statements.ts";

const tables = ["log", "instances", "detached_activities", "kept_calls", "attempts", "meta"];
const pagesWorthShrinking = 1_000;

interface Connection {
  readonly db: DatabaseSync;
  readonly statements: Statements;
}

/** The store of a task hub in one SQLite file. It runs on the caller's thread: a commit blocks it until it is on disk. */
export class SqliteStore implements Store {
  readonly #file: string;
  readonly #synchronous: Synchronous;
  #connection: Connection | undefined;

  constructor(file: string, synchronous: Synchronous) {
    this.#file = file;
    this.#synchronous = synchronous;
  }

  async open(): Promise<StoreOpening> {
    // After a failed commit: what this connection believes is not what is on disk.
    this.#forget();
    const db = openDatabase(this.#file, this.#synchronous);
    let last: Row | undefined;
    try {
      const statements = prepareStatements(db);
      last = statements.last.get();
      this.#connection = { db, statements };
    } catch (error) {
      // Nobody else could open the file while this handle has it.
      removeOwner(this.#file);
      attempt(() => db.close());
      throw error;
    }
    return {
      lastKey: Number(last?.["k"]),
      lastRow: Number(last?.["r"]),
      lastDetached: Number(last?.["d"]),
      fence: (last?.["fence"] as string | null) ?? undefined,
    };
  }

  async commit(batch: Batch): Promise<void> {
    const { db, statements } = this.#open();
    statements.begin.run();
    try {
      apply(statements, batch);
      statements.commit.run();
    } catch (error) {
      // A full disk has rolled back already, and then there is nothing to roll back.
      attempt(() => statements.rollback.run());
      throw error;
    }
    if (batch.removed.length > 0) attempt(() => shrink(db));
  }

  async find(id: string, payloads: boolean): Promise<StoredInstance | undefined> {
    const { statements } = this.#open();
    const row = statements.findInstance.get(id);
    return row && stored(statements, row, payloads);
  }

  async chain(tail: number): Promise<readonly LogRow[]> {
    return readChain(this.#open().statements, tail);
  }

  async query(query: StoreQuery): Promise<readonly StoredInstance[]> {
    const { db, statements } = this.#open();
    return queryRows(db, query).map((row) => stored(statements, row, query.payloads));
  }

  async ended(query: EndedQuery): Promise<readonly InstanceRecord[]> {
    return endedRows(this.#open().db, query).map(decodeRecord);
  }

  async children(parentId: string): Promise<readonly InstanceRecord[]> {
    return this.#open().statements.children.all(parentId).map(decodeRecord);
  }

  async live(after: number, limit: number): Promise<readonly LiveInstance[]> {
    const { statements } = this.#open();
    const records = statements.live.all(after, limit).map(decodeRecord);
    return records.map((record) => ({ record, rows: readChain(statements, record.tail) }));
  }

  async detached(): Promise<readonly DetachedActivity[]> {
    return this.#open().statements.detached.all().map(decodeDetached);
  }

  async kept(executionId: string): Promise<readonly KeptCall[]> {
    return this.#open().statements.kept.all(executionId).map(decodeKept);
  }

  async attempts(): Promise<readonly AttemptRecord[]> {
    return this.#open().statements.attempts.all().map(decodeAttempts);
  }

  async clear(): Promise<void> {
    const { db, statements } = this.#open();
    statements.begin.run();
    try {
      for (const table of tables) db.exec(`DELETE FROM ${table}`);
      statements.commit.run();
    } catch (error) {
      attempt(() => statements.rollback.run());
      throw error;
    }
    attempt(() => db.exec("PRAGMA incremental_vacuum"));
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    if (!connection) return;
    attempt(() => connection.db.exec("PRAGMA incremental_vacuum"));
    // Moves everything from the WAL into the file; closing the last connection then removes the WAL.
    attempt(() => connection.db.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
    this.#forget();
  }

  #open(): Connection {
    if (this.#connection) return this.#connection;
    throw new Error(`The store ${this.#file} is not open.`);
  }

  #forget(): void {
    const connection = this.#connection;
    if (!connection) return;
    this.#connection = undefined;
    removeOwner(this.#file);
    attempt(() => connection.db.close());
  }
}

function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // The connection is given up anyway.
  }
}

/** Gives pages back that a purge has emptied, once they are worth it; a part at a time, since everybody waits. */
function shrink(db: DatabaseSync): void {
  const free = Number(db.prepare("PRAGMA freelist_count").get()?.["freelist_count"]);
  if (free >= pagesWorthShrinking) db.exec(`PRAGMA incremental_vacuum(${pagesWorthShrinking})`);
}

/** In the order that `Store.commit` promises. The first error ends it. */
function apply(statements: Statements, batch: Batch): void {
  for (const { row, key, prev, arrived, consumed, events } of batch.log) {
    statements.insertLog.run(row, key, prev, arrived, consumed ?? null, encodeEvents(events));
  }
  for (const call of batch.kept) statements.keep.run(call.key, call.executionId, encodeKept(call));
  for (const key of batch.unkept) statements.letGo.run(key);
  for (const tail of batch.removedChains) statements.deleteChain.run(tail);
  for (const key of batch.removed) remove(statements, key);
  for (const record of batch.inserted) insert(statements, record);
  for (const record of batch.updated) update(statements.updateInstance, record);
  for (const { key, request } of batch.detached) {
    statements.insertDetached.run(key, encodeRequest(request));
  }
  for (const key of batch.undetached) statements.deleteDetached.run(key);
  for (const record of batch.attempts) setAttempts(statements, record);
  if (batch.fence !== undefined) statements.setFence.run(batch.fence);
}

function remove(statements: Statements, key: number): void {
  statements.letGoOf.run(key);
  statements.deleteInstance.run(key);
}

function setAttempts(statements: Statements, record: AttemptRecord): void {
  const { kind, instanceId, executionId, taskId, attempts, alone } = record;
  const identity = [kind, instanceId, executionId, taskId] as const;
  if (attempts > 0) statements.setAttempts.run(...identity, attempts, alone);
  else statements.deleteAttempts.run(...identity);
}

function insert(statements: Statements, record: InstanceRecord): void {
  if (tryInsert(statements.insertInstance, record)) return;
  const replaced = statements.findInstance.get(record.id);
  if (replaced) {
    statements.deleteChain.run(Number(replaced["tail"]));
    remove(statements, Number(replaced["k"]));
  }
  tryInsert(statements.insertInstance, record);
}

/** False if the id is taken. */
function tryInsert(statement: StatementSync, record: InstanceRecord): boolean {
  const { changes } = statement.run(
    record.key,
    record.id,
    record.executionId,
    record.name,
    record.version ?? null,
    record.status,
    record.createdAt,
    record.updatedAt,
    record.completedAt ?? null,
    record.startAt ?? null,
    record.parentId ?? null,
    encodeTags(record.tags),
    record.customStatus ?? null,
    encodeTrace(record.traceContext),
    record.head,
    record.tail,
  );
  return Number(changes) === 1;
}

function update(statement: StatementSync, record: InstanceRecord): void {
  statement.run(
    record.executionId,
    record.version ?? null,
    record.status,
    record.updatedAt,
    record.completedAt ?? null,
    record.customStatus ?? null,
    encodeTrace(record.traceContext),
    record.head,
    record.tail,
    record.key,
  );
}

function readChain({ chain }: Statements, tail: number): readonly LogRow[] {
  return chain.all(tail).map(decodeLogRow).reverse();
}

function stored(statements: Statements, row: Row, payloads: boolean): StoredInstance {
  const record = decodeRecord(row);
  const events = (r: number) => {
    const found = statements.events.get(r);
    return found ? decodeEvents(found["data"]) : [];
  };
  return {
    record,
    headEvents: payloads ? events(record.head) : [],
    tailEvents: payloads && record.completedAt !== undefined ? events(record.tail) : [],
  };
}
