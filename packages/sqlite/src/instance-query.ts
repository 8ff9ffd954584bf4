import type { DatabaseSync } from "node:sqlite";
import type { EndedQuery, StoreQuery } from "@durabletask/backend";
import { OrchestrationStatus } from "@durabletask/protobuf";
import type { Row } from "./rows.ts";

function isActive(status: OrchestrationStatus): boolean {
  const { RUNNING, PENDING, SUSPENDED } = OrchestrationStatus;
  return status === RUNNING || status === PENDING || status === SUSPENDED;
}

/** Reads instances in the order of their keys. The statement depends on what is asked, so it is prepared each time. */
export function queryRows(db: DatabaseSync, query: StoreQuery): Row[] {
  const conditions = ["k > ?"];
  const values: (string | number)[] = [query.after];
  const add = (condition: string, ...parameters: readonly (string | number)[]) => {
    conditions.push(condition);
    values.push(...parameters);
  };
  if (query.statuses) {
    // What lives has an index, however many instances are retained.
    if (query.statuses.every(isActive)) add("completed IS NULL");
    add(`status IN (${query.statuses.map(() => "?").join(", ")})`, ...query.statuses);
  }
  if (query.createdFrom !== undefined) add("created >= ?", query.createdFrom);
  if (query.createdTo !== undefined) add("created <= ?", query.createdTo);
  if (query.idPrefix) add("substr(id, 1, length(?)) = ?", query.idPrefix, query.idPrefix);
  const where = conditions.join(" AND ");
  const statement = db.prepare(`SELECT * FROM instances WHERE ${where} ORDER BY k LIMIT ?`);
  return statement.all(...values, query.limit);
}

/** Reads ended instances in the order of their ends, by the index that has only these. */
export function endedRows(db: DatabaseSync, query: EndedQuery): Row[] {
  const { after, statuses, completedFrom, completedTo, limit } = query;
  const conditions = ["completed IS NOT NULL"];
  const values: number[] = [];
  const add = (condition: string, ...parameters: readonly number[]) => {
    conditions.push(condition);
    values.push(...parameters);
  };
  if (after) add("(completed, k) > (?, ?)", after.completedAt, after.key);
  if (completedFrom !== undefined) add("completed >= ?", completedFrom);
  if (completedTo !== undefined) add("completed <= ?", completedTo);
  if (statuses) add(`status IN (${statuses.map(() => "?").join(", ")})`, ...statuses);
  const where = conditions.join(" AND ");
  const sql = `SELECT * FROM instances WHERE ${where} ORDER BY completed, k LIMIT ?`;
  return db.prepare(sql).all(...values, limit);
}
