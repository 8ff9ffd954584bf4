import type { Database } from "./database.ts";
import { notATaskHub, schemaTooNew } from "./open-errors.ts";

/** Marks a SQLite file as a task hub: "DTsk" in ASCII. */
const applicationId = 0x4454736b;

/**
 * Each entry takes the schema from one version to the next; the version of a file is how many it has seen. Entries are
 * never changed once released.
 *
 * Times are milliseconds since 1970. NULL is absent; an empty string is one (rule 16). `log.consumed` is NULL in a
 * row without a turn. `data` is a HistoryChunk, `request` an ActivityRequest, `trace` an OrchestrationTraceContext, all as
 * protobuf; of a kept call `data` holds what was asked for, then its result, if there is one.
 */
const migrations: readonly string[] = [
  `CREATE TABLE instances (
     k INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     execution_id TEXT NOT NULL,
     name TEXT NOT NULL,
     version TEXT,
     status INTEGER NOT NULL,
     created INTEGER NOT NULL,
     updated INTEGER NOT NULL,
     completed INTEGER,
     start_at INTEGER,
     parent TEXT,
     tags TEXT,
     custom_status TEXT,
     head INTEGER NOT NULL,
     tail INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX live_instances ON instances (k) WHERE completed IS NULL;
   CREATE INDEX child_instances ON instances (parent) WHERE parent IS NOT NULL;
   CREATE TABLE log (
     r INTEGER PRIMARY KEY,
     k INTEGER NOT NULL,
     prev INTEGER NOT NULL,
     arrived INTEGER NOT NULL,
     consumed INTEGER,
     data BLOB NOT NULL
   ) STRICT;
   CREATE TABLE detached_activities (
     d INTEGER PRIMARY KEY,
     request BLOB NOT NULL
   ) STRICT;
   CREATE TABLE meta (
     name TEXT PRIMARY KEY,
     value TEXT NOT NULL
   ) STRICT;`,
  `CREATE INDEX ended_instances ON instances (completed, k) WHERE completed IS NOT NULL;
   CREATE TABLE attempts (
     kind TEXT NOT NULL,
     instance TEXT NOT NULL,
     execution TEXT NOT NULL,
     task INTEGER NOT NULL,
     attempts INTEGER NOT NULL,
     alone INTEGER NOT NULL,
     PRIMARY KEY (kind, instance, execution, task)
   ) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE instances ADD COLUMN trace BLOB;
   CREATE TABLE kept_calls (
     c INTEGER PRIMARY KEY,
     execution TEXT NOT NULL,
     data BLOB NOT NULL
   ) STRICT;
   CREATE INDEX kept_calls_of ON kept_calls (execution);`,
  // Of what is suspended in an older file, it follows from the log.
  `ALTER TABLE instances ADD COLUMN has_run INTEGER NOT NULL DEFAULT 0;`,
];

/** Brings a new or older file to the schema of this version. Refuses newer ones, and the databases of others. */
export async function migrate(database: Database, file: string): Promise<void> {
  const version = await pragma(database, "user_version");
  const owner = await pragma(database, "application_id");
  if (owner !== applicationId && !(await isEmpty(database))) {
    throw notATaskHub(file, "it is another database");
  }
  if (version > migrations.length) throw schemaTooNew(file, version, migrations.length);
  if (version === migrations.length) return;
  const script = [
    "BEGIN IMMEDIATE",
    ...migrations.slice(version),
    `PRAGMA application_id = ${applicationId}`,
    `PRAGMA user_version = ${migrations.length}`,
    "COMMIT",
  ];
  await database.script(script.join(";\n"));
}

async function isEmpty(database: Database): Promise<boolean> {
  return (await database.read("SELECT 1 FROM sqlite_schema LIMIT 1")).length === 0;
}

async function pragma(
  database: Database,
  name: "user_version" | "application_id",
): Promise<number> {
  const [row] = await database.read(`PRAGMA ${name}`);
  return Number(row?.[name]);
}
