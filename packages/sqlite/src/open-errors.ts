import { accessSync, constants } from "node:fs";
import { DurableTaskError } from "@durabletask/core";
import type { TaskHubOwner } from "./owner-file.ts";

// Primary result codes of SQLite.
const busy = 5;
const locked = 6;
const readOnly = 8;
const ioError = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const notADatabase = 26;

/** The primary result code of an error that `node:sqlite` threw. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

/** Says what keeps a file from being opened. Other errors pass as they are. */
export function openError(file: string, error: unknown, owner: TaskHubOwner | undefined): unknown {
  switch (resultCode(error)) {
    case busy:
    case locked:
      return new DurableTaskError("TASK_HUB_OWNED", ownedMessage(file, owner), { cause: error });
    case readOnly:
      return cannotBeWritten(file, error);
    case ioError:
      // On a read-only file system SQLite opens the file, and fails when it writes beside it.
      return isWritable(file)
        ? unreachable(file, "its disk has failed", error)
        : cannotBeWritten(file, error);
    case full:
      return unreachable(file, "its disk is full", error);
    case cannotOpen:
      return unreachable(
        file,
        "does its directory exist, and may this process write there?",
        error,
      );
    case corrupt:
    case notADatabase:
      return notATaskHub(file, "it is not a SQLite database, or it is damaged", error);
    default:
      return error;
  }
}

function unreachable(file: string, reason: string, cause: unknown): DurableTaskError {
  const message = `The task hub ${file} cannot be opened or created: ${reason}`;
  return new DurableTaskError("TASK_HUB_UNREACHABLE", message, { cause });
}

function cannotBeWritten(file: string, cause: unknown): DurableTaskError {
  const message = `The task hub ${file} cannot be written.`;
  return new DurableTaskError("TASK_HUB_READ_ONLY", message, { cause });
}

function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    // Whatever the reason, it is what the caller wants to know.
    return false;
  }
}

/** The error of a file that is something else. */
export function notATaskHub(file: string, reason: string, cause?: unknown): DurableTaskError {
  return new DurableTaskError("TASK_HUB_FILE_INVALID", `${file} is not a task hub: ${reason}.`, {
    cause,
  });
}

/** The error of a file whose schema this version does not know yet. */
export function schemaTooNew(file: string, found: number, known: number): DurableTaskError {
  return new DurableTaskError(
    "TASK_HUB_SCHEMA_TOO_NEW",
    `The task hub ${file} was written by a newer version of @durabletask/sqlite: its schema is ${found}, this version knows ${known}.`,
  );
}

function ownedMessage(file: string, owner: TaskHubOwner | undefined): string {
  if (!owner) return `The task hub ${file} is open already, elsewhere.`;
  const since = `since ${owner.since}`;
  return owner.isThisProcess
    ? `The task hub ${file} is open already in this process, ${since}: close it first.`
    : `The task hub ${file} is open already in process ${owner.pid} on ${owner.host}, ${since}.`;
}
