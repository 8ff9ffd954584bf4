import { resolve } from "node:path";
import type { EmbeddedTaskHub, EmbeddedTaskHubOptions, Store } from "@durabletask/backend";
import { openEmbeddedTaskHub } from "@durabletask/backend";
import { defaultLogger, InvalidArgumentError } from "@durabletask/core";
import { guardLogger } from "@durabletask/core/spi";
import type { Synchronous } from "./open-database.ts";
import { SqliteStore } from "./sqlite-store.ts";

/** What can be told to a task hub in a SQLite file. */
export interface TaskHubOptions extends EmbeddedTaskHubOptions {
  /**
   * `"full"`, the default: what was acknowledged survives a power cut. `"normal"`: it survives the end of the process,
   * but a power cut or a crash of the operating system may undo the last moments, work that callers were told of
   * included; the file stays consistent either way.
   */
  readonly synchronous?: Synchronous;
  /**
   * Whether the database has a thread of its own. Default: true. The event loop then goes on during commits, and under
   * load more gets done. `false` is better for tests and one-shot programs, which open and close tens of milliseconds
   * sooner and need 20 MB less; where few orchestrations run, nothing else needs the event loop and each
   * tenth of a millisecond counts; on one processor with a fast disk; and in a bundle, where the thread's file is missing
   * (the hub then warns and does without).
   */
  readonly thread?: boolean;
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
  options: Pick<TaskHubOptions, "synchronous" | "thread" | "logger"> = {},
): Store {
  if (typeof file !== "string" || !file || file === ":memory:" || file.includes("\0")) {
    throw new InvalidArgumentError(
      "A task hub needs the name of a file; one in memory is opened with openMemoryTaskHub()",
    );
  }
  const { synchronous = "full", thread = true, logger = defaultLogger } = options;
  if (!["full", "normal"].includes(synchronous)) {
    throw new InvalidArgumentError(`synchronous is '${synchronous}'; it may be full or normal`);
  }
  return new SqliteStore(resolve(file), { synchronous, thread, logger: guardLogger(logger) });
}
