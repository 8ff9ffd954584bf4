import { DatabaseSync } from "node:sqlite";
import { openError } from "./open-errors.ts";
import { readOwner, writeOwner } from "./owner-file.ts";
import { migrate } from "./schema.ts";

/** How soon a commit counts: see `openTaskHub`. */
export type Synchronous = "full" | "normal";

/** Opens a task hub's file for this process alone, creating it if need be. */
export function openDatabase(file: string, synchronous: Synchronous): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file);
    configure(db, synchronous);
    migrate(db, file);
  } catch (error) {
    db?.close();
    throw openError(file, error, readOwner(file));
  }
  writeOwner(file, new Date());
  return db;
}

function configure(db: DatabaseSync, synchronous: Synchronous): void {
  // Before WAL: the lock is then held from the first access to the close, and no shared memory is needed.
  db.exec("PRAGMA locking_mode = EXCLUSIVE");
  // Only has an effect on a new file, before WAL.
  db.exec("PRAGMA auto_vacuum = INCREMENTAL");
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(`PRAGMA synchronous = ${synchronous === "normal" ? "NORMAL" : "FULL"}`);
  // On macOS a plain fsync does not reach the disk; elsewhere these do nothing.
  db.exec("PRAGMA fullfsync = 1");
  db.exec("PRAGMA checkpoint_fullfsync = 1");
  db.exec("PRAGMA wal_autocheckpoint = 4000");
  db.exec("PRAGMA temp_store = MEMORY");
}
