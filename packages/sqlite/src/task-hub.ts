import { resolve } from "node:path";
import type { EmbeddedTaskHub, EmbeddedTaskHubOptions, Store } from "@durabletask/backend";
import { openEmbeddedTaskHub } from "@durabletask/backend";
import { InvalidArgumentError } from "@durabletask/core";
import type { Synchronous } from "./database.ts";
import { SqliteStore } from "./sqlite-store.ts";

/** What can be told to a task hub in a SQLite file. */
export interface TaskHubOptions extends EmbeddedTaskHubOptions {
  /**
   * `"full"`, the default: what was acknowledged survives a power cut. `"normal"`: it survives the end of the process,
   * but a power cut or a crash of the operating system may undo the last moments, work that callers were told of
   * included; the file stays consistent either way.
   */
  readonly synchronous?: Synchronous;
}

/**
 * Opens the task hub in a SQLite file, which is created if it is not there, and takes up the work that is open in it.
 * The result is the transport of clients and workers; close it when done.
 *
 * The file belongs to this process until then: a second open, here or elsewhere, fails with `TASK_HUB_OWNED`. Further
 * codes: `TASK_HUB_UNREACHABLE`, `TASK_HUB_READ_ONLY`, `TASK_HUB_FILE_INVALID`, `TASK_HUB_SCHEMA_TOO_NEW`. Beside the
 * file are its WAL (`-wal`), which belongs to it, and `.owner`, which says who has it open.
 */
export async function openTaskHub(
  file: string,
  options: TaskHubOptions = {},
): Promise<EmbeddedTaskHub> {
  return await openEmbeddedTaskHub(createSqliteStore(file, options), options);
}

/** The store alone, for whoever runs the hub themselves. */
export function createSqliteStore(
  file: string,
  options: Pick<TaskHubOptions, "synchronous"> = {},
): Store {
  if (!file || file === ":memory:") {
    throw new InvalidArgumentError(
      "A task hub needs the name of a file; one in memory is opened with openMemoryTaskHub()",
    );
  }
  return new SqliteStore(resolve(file), options.synchronous ?? "full");
}
