import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Everything that is ever run against the file once it is open, prepared once. */
export interface Statements {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly rollback: StatementSync;
  readonly insertLog: StatementSync;
  readonly deleteChain: StatementSync;
  readonly insertInstance: StatementSync;
  readonly updateInstance: StatementSync;
  readonly deleteInstance: StatementSync;
  readonly insertDetached: StatementSync;
  readonly deleteDetached: StatementSync;
  readonly keep: StatementSync;
  readonly letGo: StatementSync;
  readonly letGoOf: StatementSync;
  readonly setAttempts: StatementSync;
  readonly deleteAttempts: StatementSync;
  readonly setFence: StatementSync;
  readonly findInstance: StatementSync;
  readonly chain: StatementSync;
  readonly events: StatementSync;
  readonly children: StatementSync;
  readonly live: StatementSync;
  readonly detached: StatementSync;
  readonly kept: StatementSync;
  readonly attempts: StatementSync;
  readonly last: StatementSync;
}

/** The chain that ends in the row of the one parameter, newest row first; rows of an execution end at 0. */
const chain = `
  WITH RECURSIVE chain (r, k, prev, arrived, consumed, data) AS (
    SELECT r, k, prev, arrived, consumed, data FROM log WHERE r = ?
    UNION ALL
    SELECT log.r, log.k, log.prev, log.arrived, log.consumed, log.data FROM chain JOIN log ON log.r = chain.prev
  ) SELECT r, k, prev, arrived, consumed, data FROM chain`;

const chainRows = `
  WITH RECURSIVE chain (r, prev) AS (
    SELECT r, prev FROM log WHERE r = ?
    UNION ALL
    SELECT log.r, log.prev FROM chain JOIN log ON log.r = chain.prev
  ) SELECT r FROM chain`;

export function prepareStatements(db: DatabaseSync): Statements {
  return {
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
    rollback: db.prepare("ROLLBACK"),
    insertLog: db.prepare(
      "INSERT INTO log (r, k, prev, arrived, consumed, data) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    deleteChain: db.prepare(`DELETE FROM log WHERE r IN (${chainRows})`),
    insertInstance: db.prepare(
      `INSERT INTO instances (k, id, execution_id, name, version, status, created, updated, completed, start_at,
         parent, tags, custom_status, trace, head, tail)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    ),
    updateInstance: db.prepare(
      `UPDATE instances SET execution_id = ?, version = ?, status = ?, updated = ?, completed = ?, custom_status = ?,
         trace = ?, head = ?, tail = ? WHERE k = ?`,
    ),
    deleteInstance: db.prepare("DELETE FROM instances WHERE k = ?"),
    insertDetached: db.prepare("INSERT INTO detached_activities (d, request) VALUES (?, ?)"),
    deleteDetached: db.prepare("DELETE FROM detached_activities WHERE d = ?"),
    keep: db.prepare(
      `INSERT INTO kept_calls (c, execution, data) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET execution = excluded.execution, data = excluded.data`,
    ),
    letGo: db.prepare("DELETE FROM kept_calls WHERE c = ?"),
    letGoOf: db.prepare(
      "DELETE FROM kept_calls WHERE execution = (SELECT execution_id FROM instances WHERE k = ?)",
    ),
    setAttempts: db.prepare(
      `INSERT INTO attempts (kind, instance, execution, task, attempts, alone) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET attempts = excluded.attempts, alone = excluded.alone`,
    ),
    deleteAttempts: db.prepare(
      "DELETE FROM attempts WHERE kind = ? AND instance = ? AND execution = ? AND task = ?",
    ),
    setFence: db.prepare(
      "INSERT INTO meta (name, value) VALUES ('fence', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    ),
    findInstance: db.prepare("SELECT * FROM instances WHERE id = ?"),
    chain: db.prepare(chain),
    events: db.prepare("SELECT data FROM log WHERE r = ?"),
    children: db.prepare("SELECT * FROM instances WHERE parent = ?"),
    live: db.prepare(
      "SELECT * FROM instances WHERE completed IS NULL AND k > ? ORDER BY k LIMIT ?",
    ),
    detached: db.prepare("SELECT d, request FROM detached_activities ORDER BY d"),
    kept: db.prepare("SELECT * FROM kept_calls WHERE execution = ? ORDER BY c"),
    attempts: db.prepare("SELECT * FROM attempts"),
    last: db.prepare(
      `SELECT coalesce((SELECT max(k) FROM instances), 0) AS k, coalesce((SELECT max(r) FROM log), 0) AS r,
         max(coalesce((SELECT max(d) FROM detached_activities), 0),
           coalesce((SELECT max(c) FROM kept_calls), 0)) AS d,
         (SELECT value FROM meta WHERE name = 'fence') AS fence`,
    ),
  };
}
