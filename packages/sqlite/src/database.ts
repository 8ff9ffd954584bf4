import type { Logger } from "@durabletask/core";
import type { Answer, Query, Request, Row, Step } from "./connection.ts";
import { Connection } from "./connection.ts";
import { startThread, ThreadMissingError } from "./database-thread.ts";

/** A connection to one SQLite file, on this thread or on one of its own. Requests are done in the order of their calls. */
export interface Executor {
  execute(request: Request): Promise<Answer>;
  /** Closes the connection and ends the thread, if there is one; also when it has failed. */
  end(): Promise<void>;
}

/** One SQLite file, wherever it is open. */
export class Database {
  readonly #executor: Executor;

  constructor(executor: Executor) {
    this.#executor = executor;
  }

  async open(file: string): Promise<void> {
    await this.#executor.execute({ kind: "open", file });
  }

  /** Statements one after the other, outside of a transaction unless they begin one. */
  async script(sql: string): Promise<void> {
    await this.#executor.execute({ kind: "script", sql });
  }

  /** One transaction. On disk when it resolves, if the database is in full sync; of unknown outcome when it rejects. */
  async transact(steps: readonly Step[]): Promise<void> {
    await this.#executor.execute({ kind: "transact", steps });
  }

  async read(sql: string, ...values: Query["values"]): Promise<readonly Row[]> {
    const [rows = []] = await this.readAll([{ sql, values }]);
    return rows;
  }

  /** The rows of each query. Nothing is committed between them. */
  async readAll(queries: readonly Query[]): Promise<Answer> {
    return await this.#executor.execute({ kind: "read", queries });
  }

  async close(): Promise<void> {
    await this.#executor.end();
  }
}

/** On a thread of its own, or on this one where that is wanted or cannot be helped. */
export async function startDatabase(thread: boolean, logger: Logger): Promise<Database> {
  if (!thread) return new Database(inline());
  try {
    return new Database(await startThread());
  } catch (error) {
    if (!(error instanceof ThreadMissingError)) throw error;
    logger.warn?.(
      { event: "hub.thread-missing", error },
      "the thread of the task hub's store did not start, as happens in a bundle without its file: the store runs on the main" +
        " thread, and blocks it during commits. Keep @durabletask/sqlite out of the bundle, or open the hub with thread: false",
    );
    return new Database(inline());
  }
}

function inline(): Executor {
  const connection = new Connection();
  return {
    execute: async (request) => connection.execute(request),
    end: async () => void connection.execute({ kind: "close" }),
  };
}
