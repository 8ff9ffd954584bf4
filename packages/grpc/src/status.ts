import { type ErrorDetail, TaskHubError, type TaskHubErrorCode } from "@durabletask/core";
import { withoutPages } from "@durabletask/core/spi";

/** How a call ended, as gRPC says it. */
export interface Status {
  /** 0 to 16. */
  readonly code: number;
  readonly message: string;
  readonly details: readonly ErrorDetail[];
}

/**
 * The one table between the codes of task hubs and gRPC's, used in both directions: where a name or a number occurs twice,
 * the first line counts. `OUT_OF_RANGE` and `DATA_LOSS` are in no hub's vocabulary.
 */
const table: readonly (readonly [TaskHubErrorCode, number])[] = [
  ["CANCELLED", 1],
  ["UNKNOWN", 2],
  ["INVALID_ARGUMENT", 3],
  ["DEADLINE_EXCEEDED", 4],
  ["NOT_FOUND", 5],
  ["ALREADY_EXISTS", 6],
  ["PERMISSION_DENIED", 7],
  ["RESOURCE_EXHAUSTED", 8],
  ["FAILED_PRECONDITION", 9],
  ["ABORTED", 10],
  ["INVALID_ARGUMENT", 11],
  ["UNIMPLEMENTED", 12],
  ["INTERNAL", 13],
  ["UNAVAILABLE", 14],
  ["INTERNAL", 15],
  ["UNAUTHENTICATED", 16],
];

const toNumber: ReadonlyMap<string, number> = new Map(table.toReversed());
const toName: ReadonlyMap<number, TaskHubErrorCode> = new Map(
  table.map(([name, code]) => [code, name]),
);

const unknown = 2;

/** Servers that have no codes say UNKNOWN and mean one of these: durabletask-go does. */
const texts: readonly (readonly [RegExp, TaskHubErrorCode])[] = [
  [/orchestration instance already exists/u, "ALREADY_EXISTS"],
  // Older versions begin it with a capital.
  [/no such instance exists/iu, "NOT_FOUND"],
  [/unknown instance ID/u, "NOT_FOUND"],
  [/orchestration has not yet completed/u, "FAILED_PRECONDITION"],
];

/**
 * What a server answers for what a transport threw. An error is known by its code, not by its class: it may come from another
 * copy of a package. Pages of the documentation are named where an error is read, not on the wire.
 */
export function toStatus(error: unknown): Status {
  if (!(error instanceof Error)) return { code: unknown, message: String(error), details: [] };
  const name = "code" in error ? error.code : undefined;
  const code = (typeof name === "string" ? toNumber.get(name) : undefined) ?? unknown;
  const details = error instanceof TaskHubError ? error.details : [];
  return { code, message: withoutPages(error.message), details };
}

/** What a transport throws for what a server answered. */
export function fromStatus(status: Status, options?: ErrorOptions): TaskHubError {
  const { code, details } = status;
  const message = withoutPages(status.message) || "the server says no more than that";
  return new TaskHubError(nameOf(code, message), message, { ...options, details });
}

function nameOf(code: number, message: string): TaskHubErrorCode {
  const meant = code === unknown ? texts.find(([text]) => text.test(message)) : undefined;
  return meant?.[1] ?? toName.get(code) ?? "UNKNOWN";
}
