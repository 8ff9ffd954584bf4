import type { Query, Row } from "./connection.ts";
import type { Database } from "./database.ts";
import { dataOfEnds } from "./instance-query.ts";

/** What is found in one request, so that none holds up commits for long. */
const maxFinds = 100;

interface Find {
  readonly query: Query;
  readonly resolve: (row: Row | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Finds instances by their ids. A request to the database's thread costs more than what is found by it, so there is one
 * under way at a time, and what is to be found meanwhile goes into the next one.
 */
export class InstanceFinder {
  readonly #database: Database;
  #waiting: Find[] = [];
  #isAsking = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The row of an instance, if there is one; with payloads, with the data of its head and tail. */
  find(id: string, payloads: boolean): Promise<Row | undefined> {
    const sql = `SELECT * FROM instances ${payloads ? dataOfEnds : ""} WHERE id = ?`;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ query: { sql, values: [id] }, resolve, reject });
      if (this.#isAsking) return;
      this.#isAsking = true;
      // Calls that came together get here one after the other, before this does.
      queueMicrotask(() => void this.#askAll());
    });
  }

  async #askAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#ask(this.#waiting.splice(0, maxFinds));
    this.#isAsking = false;
  }

  async #ask(finds: readonly Find[]): Promise<void> {
    try {
      const answer = await this.#database.readAll(finds.map(({ query }) => query));
      for (const [index, { resolve }] of finds.entries()) resolve(answer[index]?.[0]);
    } catch (error) {
      for (const { reject } of finds) reject(error);
    }
  }
}
