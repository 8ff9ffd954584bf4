import { DatabaseSync } from "node:sqlite";

/** One run of an activity: those of one task have the same task id, those of its retries another one. */
export interface Run {
  readonly instanceId: string;
  readonly taskId: number;
  /** What it does, such as `reserveItem TENT-2P`. */
  readonly step: string;
}

/** What somebody was asked to approve. */
export interface ApprovalRequest {
  readonly orderId: string;
  readonly cents: number;
}

/** A payment that the bank has taken. */
export interface Charge {
  readonly orderId: string;
  readonly cents: number;
}

/**
 * What the world outside remembers: the bank's charges, the manager's mail, and who called when. It is a file of its own,
 * which knows nothing of the task hub, so that the two can be compared after the kill.
 */
export class Ledger implements Disposable {
  readonly #db: DatabaseSync;

  /**
   * Makes a new one, before several processes open it at once: where two of them turn a new file to its write-ahead log, SQLite does
   * not wait for the lock, but fails.
   */
  static make(file: string): void {
    new Ledger(file).#db.close();
  }

  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    // Written without waiting for the disk: what matters here is the end of the process, not of the power.
    this.#db.exec(`
      PRAGMA busy_timeout = 10000;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = OFF;
      CREATE TABLE IF NOT EXISTS runs (instance_id TEXT, task_id INTEGER, step TEXT);
      CREATE INDEX IF NOT EXISTS runs_by_step ON runs (instance_id, step);
      CREATE TABLE IF NOT EXISTS charges (order_id TEXT, cents INTEGER);
      CREATE INDEX IF NOT EXISTS charges_by_order ON charges (order_id);
      CREATE TABLE IF NOT EXISTS approvals (
        order_id TEXT PRIMARY KEY, cents INTEGER, asked_at INTEGER, is_answered INTEGER DEFAULT 0
      );
    `);
  }

  /** Notes that an activity begins to run, and gives which attempt of its step that is, from 1. */
  begin({ instanceId, taskId, step }: Run): number {
    this.#db.prepare("INSERT INTO runs VALUES (?, ?, ?)").run(instanceId, taskId, step);
    // A run that the kill cut short is run again under the same task id: it is the same attempt.
    return this.#count(
      "SELECT count(DISTINCT task_id) AS n FROM runs WHERE instance_id = ? AND step = ? AND task_id <= ?",
      instanceId,
      step,
      taskId,
    );
  }

  /** Takes a payment, unless the order has been paid for: the order id makes a repetition harmless. */
  charge({ orderId, cents }: Charge): void {
    this.#db
      .prepare(
        "INSERT INTO charges SELECT ?, ? WHERE NOT EXISTS (SELECT * FROM charges WHERE order_id = ?)",
      )
      .run(orderId, cents, orderId);
  }

  /** Puts a request into the manager's mail, once. */
  askForApproval({ orderId, cents }: ApprovalRequest): void {
    this.#db
      .prepare("INSERT OR IGNORE INTO approvals (order_id, cents, asked_at) VALUES (?, ?, ?)")
      .run(orderId, cents, Date.now());
  }

  /** The requests that nobody has answered, if they are so old. */
  openApprovals(ageMs = 0): ApprovalRequest[] {
    return this.#db
      .prepare("SELECT order_id, cents FROM approvals WHERE NOT is_answered AND asked_at <= ?")
      .all(Date.now() - ageMs)
      .map((row) => ({ orderId: String(row["order_id"]), cents: Number(row["cents"]) }));
  }

  closeApproval(orderId: string): void {
    this.#db.prepare("UPDATE approvals SET is_answered = 1 WHERE order_id = ?").run(orderId);
  }

  charges(): Charge[] {
    return this.#db
      .prepare("SELECT order_id, cents FROM charges")
      .all()
      .map((row) => ({ orderId: String(row["order_id"]), cents: Number(row["cents"]) }));
  }

  /** How many activities have begun to run. */
  runs(): number {
    return this.#count("SELECT count(*) AS n FROM runs");
  }

  /** How many of them were one task's second run. */
  reruns(): number {
    return this.#count(
      "SELECT count(*) - count(DISTINCT instance_id || ' ' || task_id) AS n FROM runs",
    );
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #count(sql: string, ...values: (string | number)[]): number {
    return Number(this.#db.prepare(sql).get(...values)?.["n"]);
  }
}
