import type { Database } from "./database.ts";
import { openError } from "./open-errors.ts";
import { readOwner, writeOwner } from "./owner-file.ts";
import { migrate } from "./schema.ts";

/** How soon a commit counts: see `openTaskHub`. */
export type Synchronous = "full" | "normal";

/** Opens a task hub's file for this process alone, creating it if need be. Rejects with what keeps it from that. */
export async function openDatabase(
  database: Database,
  file: string,
  synchronous: Synchronous,
): Promise<void> {
  try {
    await database.open(file);
    await database.script(settings(synchronous));
    await migrate(database, file);
  } catch (error) {
    throw openError(file, error, readOwner(file));
  }
  writeOwner(file, new Date());
}

function settings(synchronous: Synchronous): string {
  return [
    // Before WAL: the lock is then held from the first access to the close, and no shared memory is needed.
    "locking_mode = EXCLUSIVE",
    // Only has an effect on a new file, before WAL.
    "auto_vacuum = INCREMENTAL",
    "journal_mode = WAL",
    `synchronous = ${synchronous === "normal" ? "NORMAL" : "FULL"}`,
    // On macOS a plain fsync does not reach the disk; elsewhere these do nothing.
    "fullfsync = 1",
    "checkpoint_fullfsync = 1",
    "wal_autocheckpoint = 4000",
    "temp_store = MEMORY",
  ]
    .map((setting) => `PRAGMA ${setting};`)
    .join("\n");
}
