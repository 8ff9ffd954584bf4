import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";

/** Who has a task hub open, as far as the file beside it tells. */
export interface TaskHubOwner {
  readonly pid: number;
  readonly host: string;
  /** When it was opened: an ISO 8601 instant. */
  readonly since: string;
  readonly isThisProcess: boolean;
}

// A hint for people: SQLite's own lock decides who owns the file. So its loss is no error, and a stale one does no harm.

/** Writes down that this process owns the task hub. */
export function writeOwner(file: string, now: Date): void {
  const owner = { pid: process.pid, host: hostname(), since: now.toISOString() };
  ignoringErrors(() => writeFileSync(ownerFile(file), `${JSON.stringify(owner)}\n`));
}

/** The task hub is nobody's any more. */
export function removeOwner(file: string): void {
  ignoringErrors(() => rmSync(ownerFile(file), { force: true }));
}

/** Reads who owns the task hub, if it can be told. */
export function readOwner(file: string): TaskHubOwner | undefined {
  return ignoringErrors(() => parseOwner(readFileSync(ownerFile(file), "utf8")));
}

function parseOwner(text: string): TaskHubOwner | undefined {
  const owner: unknown = JSON.parse(text);
  if (typeof owner !== "object" || owner === null) return undefined;
  if (!("pid" in owner && "host" in owner && "since" in owner)) return undefined;
  const { pid, host, since } = owner;
  if (typeof pid !== "number" || typeof host !== "string" || typeof since !== "string")
    return undefined;
  return { pid, host, since, isThisProcess: pid === process.pid && host === hostname() };
}

function ownerFile(file: string): string {
  return `${file}.owner`;
}

function ignoringErrors<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
