import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import type { MessagePort } from "node:worker_threads";
import { parentPort, workerData } from "node:worker_threads";

// This file is also the body of the store's thread, started by its URL. Bundlers copy it as it is: so it imports nothing
// but what is built into Node.js, and knows SQL only as text that it is sent.

/** What a column can hold, on its way to the database. */
export type Value = string | number | null | Uint8Array;

/** A row as `node:sqlite` gives it. What a column holds is up to the schema, which is strict. */
export type Row = Record<string, unknown>;

/** A statement that reads, and its parameters. */
export interface Query {
  readonly sql: string;
  readonly values: readonly Value[];
}

/** One statement of a transaction, run for each of its rows. */
export interface Step {
  readonly sql: string;
  readonly rows: readonly (readonly Value[])[];
  /** What to run when a row changed nothing, before it is tried once more. Each takes the value of that column alone. */
  readonly makeRoom?: { readonly column: number; readonly sqls: readonly string[] };
}

/** What a connection can be asked. Only `read` answers with anything: the rows of each query. */
export type Request =
  | { readonly kind: "open"; readonly file: string }
  | { readonly kind: "script"; readonly sql: string }
  | { readonly kind: "transact"; readonly steps: readonly Step[] }
  | { readonly kind: "read"; readonly queries: readonly Query[] }
  | { readonly kind: "close" };

/** The rows of each query; nothing for all other requests. */
export type Answer = readonly (readonly Row[])[];

/** An error on its way out of a thread: as an `Error` it would lose its codes there. */
export interface Failure {
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: unknown;
  readonly errcode: unknown;
}

/** What a thread says: first that it is there, then one answer for each request, in their order. */
export type Reply =
  | { readonly kind: "ready" }
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "failure"; readonly failure: Failure };

/** What a thread is told by who starts it, so that nobody else's thread that imports this module takes itself for one. */
export const threadMark = "durabletask-sqlite";

/** Prepared statements that are kept. Queries are made of many conditions, and there is no end to their combinations. */
const maxStatements = 100;

/** A connection to one SQLite file. Everything it does blocks the thread that it is on. */
export class Connection {
  #db: DatabaseSync | undefined;
  readonly #statements = new Map<string, StatementSync>();

  /** Throws what SQLite throws. */
  execute(request: Request): Answer {
    switch (request.kind) {
      case "open":
        this.#db = new DatabaseSync(request.file);
        return [];
      case "script":
        this.#opened().exec(request.sql);
        return [];
      case "transact":
        this.#transact(request.steps);
        return [];
      case "read":
        return request.queries.map(({ sql, values }) => this.#statement(sql).all(...values));
      case "close":
        this.#db?.close();
        this.#db = undefined;
        return [];
    }
  }

  /** All or nothing. The first error ends it. */
  #transact(steps: readonly Step[]): void {
    this.#statement("BEGIN IMMEDIATE").run();
    try {
      for (const step of steps) this.#run(step);
      this.#statement("COMMIT").run();
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #run({ sql, rows, makeRoom }: Step): void {
    const statement = this.#statement(sql);
    for (const row of rows) {
      const { changes } = statement.run(...row);
      if (!makeRoom || Number(changes) > 0) continue;
      for (const other of makeRoom.sqls) this.#statement(other).run(row[makeRoom.column] ?? null);
      statement.run(...row);
    }
  }

  #rollBack(): void {
    try {
      this.#statement("ROLLBACK").run();
    } catch {
      // A full disk has rolled back already, and then there is nothing to roll back.
    }
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#opened().prepare(sql);
    if (this.#statements.size >= maxStatements) this.#statements.clear();
    this.#statements.set(sql, statement);
    return statement;
  }

  #opened(): DatabaseSync {
    if (this.#db) return this.#db;
    throw new Error("The connection to the database is closed.");
  }
}

/** Does what the thread that started this one asks for, until it asks to close. */
function serve(port: MessagePort): void {
  const connection = new Connection();
  port.on("message", (request: Request) => {
    port.postMessage(reply(connection, request));
    // Nothing is left that keeps the thread alive.
    if (request.kind === "close") port.close();
  });
  port.postMessage({ kind: "ready" } satisfies Reply);
}

function reply(connection: Connection, request: Request): Reply {
  try {
    return { kind: "answer", answer: connection.execute(request) };
  } catch (error) {
    return { kind: "failure", failure: failureOf(error) };
  }
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) {
    return { message: String(error), stack: undefined, code: undefined, errcode: undefined };
  }
  const { message, stack } = error;
  return {
    message,
    stack,
    code: "code" in error ? error.code : undefined,
    errcode: "errcode" in error ? error.errcode : undefined,
  };
}

if (parentPort && workerData === threadMark) serve(parentPort);
