// Everything that is ever run against the file once it is open, but for queries that are put together: `instance-query.ts`.

/** The chain that ends in the row of the first parameter, newest row first, at most so many rows; an execution begins at 0. */
export const selectChain = `
  WITH RECURSIVE chain (r, k, prev, arrived, consumed, data) AS (
    SELECT r, k, prev, arrived, consumed, data FROM log WHERE r = ?
    UNION ALL
    SELECT log.r, log.k, log.prev, log.arrived, log.consumed, log.data FROM chain JOIN log ON log.r = chain.prev
  ) SELECT r, k, prev, arrived, consumed, data FROM chain LIMIT ?`;

const deleteChainOf = (tail: string) => `
  DELETE FROM log WHERE r IN (
    WITH RECURSIVE chain (r, prev) AS (
      SELECT r, prev FROM log WHERE r = ${tail}
      UNION ALL
      SELECT log.r, log.prev FROM chain JOIN log ON log.r = chain.prev
    ) SELECT r FROM chain)`;

export const deleteChain: string = deleteChainOf("?");
export const deleteChainOfId: string = deleteChainOf("(SELECT tail FROM instances WHERE id = ?)");

export const insertLog =
  "INSERT INTO log (r, k, prev, arrived, consumed, data) VALUES (?, ?, ?, ?, ?, ?)";

/** Changes nothing if the id is taken. */
export const insertInstance = `
  INSERT INTO instances (k, id, execution_id, name, version, status, created, updated, completed, start_at,
    parent, tags, custom_status, trace, has_run, head, tail)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;
/** Where `insertInstance` has the id. */
export const idColumn = 1;

export const updateInstance = `
  UPDATE instances SET execution_id = ?, version = ?, status = ?, updated = ?, completed = ?, custom_status = ?,
    trace = ?, has_run = ?, head = ?, tail = ? WHERE k = ?`;

export const deleteInstance = "DELETE FROM instances WHERE k = ?";
export const deleteInstanceOfId = "DELETE FROM instances WHERE id = ?";

export const insertDetached = "INSERT INTO detached_activities (d, request) VALUES (?, ?)";
export const deleteDetached = "DELETE FROM detached_activities WHERE d = ?";

export const keep = `
  INSERT INTO kept_calls (c, execution, data) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET execution = excluded.execution, data = excluded.data`;
export const letGo = "DELETE FROM kept_calls WHERE c = ?";
const letGoOf = (column: string) =>
  `DELETE FROM kept_calls WHERE execution = (SELECT execution_id FROM instances WHERE ${column} = ?)`;
/** Before the instance itself is deleted. */
export const letGoOfInstance: string = letGoOf("k");
export const letGoOfId: string = letGoOf("id");

export const setAttempts = `
  INSERT INTO attempts (kind, instance, execution, task, attempts, alone) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET attempts = excluded.attempts, alone = excluded.alone`;
export const deleteAttempts =
  "DELETE FROM attempts WHERE kind = ? AND instance = ? AND execution = ? AND task = ?";

export const setFence =
  "INSERT INTO meta (name, value) VALUES ('fence', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

export const selectChildren =
  "SELECT * FROM instances WHERE parent = ? AND k > ? ORDER BY k LIMIT ?";
export const selectLive =
  "SELECT * FROM instances WHERE completed IS NULL AND k > ? ORDER BY k LIMIT ?";
export const selectDetached =
  "SELECT d, request FROM detached_activities WHERE d > ? ORDER BY d LIMIT ?";
export const selectKept = "SELECT * FROM kept_calls WHERE execution = ? ORDER BY c";
export const selectAttempts = "SELECT * FROM attempts";

/** What the hub continues its numbering from. */
export const selectLast = `
  SELECT coalesce((SELECT max(k) FROM instances), 0) AS k, coalesce((SELECT max(r) FROM log), 0) AS r,
    max(coalesce((SELECT max(d) FROM detached_activities), 0), coalesce((SELECT max(c) FROM kept_calls), 0)) AS d,
    (SELECT value FROM meta WHERE name = 'fence') AS fence`;

export const clearTables: readonly string[] = [
  "log",
  "instances",
  "detached_activities",
  "kept_calls",
  "attempts",
  "meta",
].map((table) => `DELETE FROM ${table}`);
