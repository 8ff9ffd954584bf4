import type { EndedQuery, StoreQuery } from "@durabletask/backend";
import { OrchestrationStatus } from "@durabletask/protobuf";
import type { Query, Row, Value } from "./connection.ts";
import type { Database } from "./database.ts";

/** Rows that are looked at in one go, so that no query holds up commits for long, whatever it looks for. */
const windowRows = 1_000;
/** The same where payloads are read. */
const windowRowsWithPayloads = 200;

/** Reads instances in the order of their keys, with the data of head and tail if they are asked for. */
export async function queryRows(database: Database, query: StoreQuery): Promise<readonly Row[]> {
  const filter = new Conditions();
  if (query.statuses) filter.oneOf("status", query.statuses);
  if (query.createdFrom !== undefined) filter.add("created >= ?", query.createdFrom);
  if (query.createdTo !== undefined) filter.add("created <= ?", query.createdTo);
  if (query.idPrefix) {
    filter.add("substr(id, 1, length(?)) = ?", query.idPrefix, query.idPrefix);
  }
  // What lives has an index, however many instances are retained.
  const isLive = query.statuses?.every(isActive) ?? false;
  return await scan(database, query, {
    size: query.payloads ? windowRowsWithPayloads : windowRows,
    window: (last) => {
      const window = new Conditions();
      window.add("k > ?", last ? last.k : query.after);
      if (isLive) window.add("completed IS NULL");
      return window;
    },
    order: "k",
    filter,
  });
}

/** Reads ended instances in the order of their ends, by the index that has only these. */
export async function endedRows(database: Database, query: EndedQuery): Promise<readonly Row[]> {
  const { after, statuses, completedFrom, completedTo } = query;
  const filter = new Conditions();
  if (statuses) filter.oneOf("status", statuses);
  return await scan(
    database,
    { limit: query.limit, payloads: false },
    {
      size: windowRows,
      window: (last) => {
        const window = new Conditions();
        window.add("completed IS NOT NULL");
        const from = last ?? (after && { completed: after.completedAt, k: after.key });
        if (from) window.add("(completed, k) > (?, ?)", from.completed, from.k);
        if (completedFrom !== undefined) window.add("completed >= ?", completedFrom);
        if (completedTo !== undefined) window.add("completed <= ?", completedTo);
        return window;
      },
      order: "completed, k",
      filter,
    },
  );
}

function isActive(status: OrchestrationStatus): boolean {
  const { RUNNING, PENDING, SUSPENDED } = OrchestrationStatus;
  return status === RUNNING || status === PENDING || status === SUSPENDED;
}

/** Conditions that all hold, and their parameters. */
class Conditions {
  readonly #conditions: string[] = [];
  readonly values: Value[] = [];

  add(condition: string, ...values: readonly Value[]): void {
    this.#conditions.push(condition);
    this.values.push(...values);
  }

  oneOf(column: string, values: readonly Value[]): void {
    this.add(`${column} IN (${values.map(() => "?").join(", ")})`, ...values);
  }

  get sql(): string {
    return this.#conditions.join(" AND ") || "TRUE";
  }
}

interface Last {
  readonly k: number;
  readonly completed: number;
}

interface Scan {
  /** Rows in a window. */
  readonly size: number;
  /** What a window begins after: the last row of the one before. An index has its order. */
  readonly window: (last: Last | undefined) => Conditions;
  readonly order: string;
  /** Which of them count. */
  readonly filter: Conditions;
}

/** Goes through the instances window by window. Others have their turn between two of them. */
async function scan(
  database: Database,
  { limit, payloads }: Pick<StoreQuery, "limit" | "payloads">,
  { size, window, order, filter }: Scan,
): Promise<readonly Row[]> {
  const found: Row[] = [];
  let last: Last | undefined;
  do {
    const conditions = window(last);
    const from = `FROM instances WHERE ${conditions.sql} ORDER BY ${order}`;
    const matching: Query = {
      sql: `SELECT * FROM (SELECT * ${from} LIMIT ?) AS instances ${payloads ? dataOfEnds : ""}
            WHERE ${filter.sql} ORDER BY ${order} LIMIT ?`,
      values: [...conditions.values, size, ...filter.values, limit - found.length],
    };
    // There is one only if the window is full.
    const lastOfWindow: Query = {
      sql: `SELECT k, completed ${from} LIMIT 1 OFFSET ?`,
      values: [...conditions.values, size - 1],
    };
    const [rows = [], [end] = []] = await database.readAll([matching, lastOfWindow]);
    for (const row of rows) found.push(row);
    last = end && { k: Number(end["k"]), completed: Number(end["completed"]) };
  } while (last && found.length < limit);
  return found;
}

/** Joins the first row of an instance and, of one that has ended, the last. */
export const dataOfEnds = `
  LEFT JOIN (SELECT r AS head_row, data AS head_data FROM log) ON head_row = head
  LEFT JOIN (SELECT r AS tail_row, data AS tail_data FROM log) ON tail_row = tail AND completed IS NOT NULL`;
