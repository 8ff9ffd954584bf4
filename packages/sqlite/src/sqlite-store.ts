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
import type { Logger } from "@durabletask/core";
import { stepsOf } from "./batch-steps.ts";
import { readChain, readChains } from "./chains.ts";
import { integer, optional, text } from "./columns.ts";
import type { Row } from "./connection.ts";
import type { Database } from "./database.ts";
import { startDatabase } from "./database.ts";
import { InstanceFinder } from "./instance-finder.ts";
import { endedRows, queryRows } from "./instance-query.ts";
import type { Synchronous } from "./open-database.ts";
import { openDatabase } from "./open-database.ts";
import { removeOwner } from "./owner-file.ts";
import { decodeAttempts, decodeDetached, decodeKept, decodeRecord, decodeStored } from "./rows.ts";
import * as sql from "./statements.ts";

const pagesWorthShrinking = 1_000;
/** Rows that are read in one go, so that no read holds up commits for long. */
const pageRows = 500;

/** How a store goes about its file: see `TaskHubOptions`. */
export interface SqliteStoreOptions {
  readonly synchronous: Synchronous;
  readonly thread: boolean;
  readonly logger: Logger;
}

interface Opened {
  readonly database: Database;
  readonly finder: InstanceFinder;
}

/**
 * The store of a task hub in one SQLite file: decides what is run against it, while a `Database` runs it, on a thread of
 * its own or on this one. Each opening has a new connection, and a new thread: what the last one believes is not what is on
 * disk after a failed commit.
 */
export class SqliteStore implements Store {
  readonly #file: string;
  readonly #options: SqliteStoreOptions;
  #opened: Opened | undefined;

  constructor(file: string, options: SqliteStoreOptions) {
    this.#file = file;
    this.#options = options;
  }

  async open(): Promise<StoreOpening> {
    await this.#forget();
    const { thread, logger, synchronous } = this.#options;
    const database = await startDatabase(thread, logger);
    try {
      await openDatabase(database, this.#file, synchronous);
    } catch (error) {
      await database.close();
      throw error;
    }
    // From here on the file is this store's: what fails now is given up like a connection in use.
    this.#opened = { database, finder: new InstanceFinder(database) };
    try {
      return openingOf(await database.read(sql.selectLast));
    } catch (error) {
      await this.#forget();
      throw error;
    }
  }

  async commit(batch: Batch): Promise<void> {
    const { database } = this.#open();
    await database.transact(stepsOf(batch));
    if (batch.removed.length > 0) await attempt(() => shrink(database));
  }

  async find(id: string, payloads: boolean): Promise<StoredInstance | undefined> {
    const { finder } = this.#open();
    const row = await finder.find(id, payloads);
    return row && decodeStored(row);
  }

  async chain(tail: number): Promise<readonly LogRow[]> {
    return await readChain(this.#open().database, tail);
  }

  async query(query: StoreQuery): Promise<readonly StoredInstance[]> {
    return (await queryRows(this.#open().database, query)).map(decodeStored);
  }

  async ended(query: EndedQuery): Promise<readonly InstanceRecord[]> {
    return (await endedRows(this.#open().database, query)).map(decodeRecord);
  }

  async children(parentId: string): Promise<readonly InstanceRecord[]> {
    const { database } = this.#open();
    const rows = await allPages("k", (after) =>
      database.read(sql.selectChildren, parentId, after, pageRows),
    );
    return rows.map(decodeRecord);
  }

  async live(after: number, limit: number): Promise<readonly LiveInstance[]> {
    const { database } = this.#open();
    const records = (await database.read(sql.selectLive, after, limit)).map(decodeRecord);
    const chains = await readChains(
      database,
      records.map(({ tail }) => tail),
    );
    return records.map((record, index) => ({ record, rows: chains[index] ?? [] }));
  }

  async detached(): Promise<readonly DetachedActivity[]> {
    const { database } = this.#open();
    const rows = await allPages("d", (after) => database.read(sql.selectDetached, after, pageRows));
    return rows.map(decodeDetached);
  }

  async kept(executionId: string): Promise<readonly KeptCall[]> {
    return (await this.#open().database.read(sql.selectKept, executionId)).map(decodeKept);
  }

  async attempts(): Promise<readonly AttemptRecord[]> {
    return (await this.#open().database.read(sql.selectAttempts)).map(decodeAttempts);
  }

  async clear(): Promise<void> {
    const { database } = this.#open();
    await database.transact(sql.clearTables.map((clear) => ({ sql: clear, rows: [[]] })));
    await attempt(() => database.script("PRAGMA incremental_vacuum"));
  }

  async close(): Promise<void> {
    if (!this.#opened) return;
    const { database } = this.#opened;
    await attempt(() => database.script("PRAGMA incremental_vacuum"));
    // Moves everything from the WAL into the file; closing the last connection then removes the WAL.
    await attempt(() => database.script("PRAGMA wal_checkpoint(TRUNCATE)"));
    await this.#forget();
  }

  #open(): Opened {
    if (this.#opened) return this.#opened;
    throw new Error(`The store ${this.#file} is not open.`);
  }

  async #forget(): Promise<void> {
    if (!this.#opened) return;
    const { database } = this.#opened;
    this.#opened = undefined;
    removeOwner(this.#file);
    await attempt(() => database.close());
  }
}

async function attempt(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch {
    // What matters is on disk already, or the connection is given up anyway.
  }
}

function openingOf([last]: readonly Row[]): StoreOpening {
  return {
    lastKey: integer(last?.["k"]),
    lastRow: integer(last?.["r"]),
    lastDetached: integer(last?.["d"]),
    fence: optional(last?.["fence"], text),
  };
}

/** Reads page by page: each begins after the last value of the column. */
async function allPages(
  column: string,
  read: (after: number) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const all: Row[] = [];
  for (;;) {
    const page = await read(Number(all.at(-1)?.[column] ?? 0));
    for (const row of page) all.push(row);
    if (page.length < pageRows) return all;
  }
}

/** Gives pages back that a purge has emptied, once they are worth it; a part at a time, since everybody waits. */
async function shrink(database: Database): Promise<void> {
  const [row] = await database.read("PRAGMA freelist_count");
  if (Number(row?.["freelist_count"]) < pagesWorthShrinking) return;
  await database.script(`PRAGMA incremental_vacuum(${pagesWorthShrinking})`);
}
