import { copyFileSync, existsSync } from "node:fs";
import type { Store } from "@durabletask/backend";
import { createSqliteStore } from "@durabletask/sqlite";
import { type AfterDeath } from "./faulty-store.ts";
import { temporaryFile } from "./temporary-file.ts";

/** Makes a new and empty store, and says what is left of it when its process dies. */
export type CreateMortalStore = () => readonly [Store, AfterDeath?];

/**
 * A store in a SQLite file whose processes die: the next one finds a copy of file and WAL as they are at that moment, which is
 * what a SIGKILL leaves, and of which the one that had it knows nothing.
 */
export function createMortalFile(file: string = temporaryFile()): readonly [Store, AfterDeath] {
  const afterDeath = () => {
    const copy = temporaryFile();
    // To read the file in its owner's process drops SQLite's lock on it; here nobody else wants it.
    for (const end of ["", "-wal"])
      if (existsSync(file + end)) copyFileSync(file + end, copy + end);
    return createMortalFile(copy);
  };
  return [createSqliteStore(file, { thread: false }), afterDeath];
}
