/**
 * Where the page of an error code is found. Relative to the repository until there is a public address.
 */
const pages = "docs/errors/";

/**
 * The base of every error that this library throws.
 *
 * `code` is stable and safe to compare; the message ends with the page that explains it.
 */
export class DurableTaskError extends Error {
  override name = "DurableTaskError";
  /** Stable identifier of the kind of error, such as `NON_DETERMINISM`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(`${message} (${pages}${code}.md)`, options);
    this.code = code;
  }
}

/** A message without the addresses of pages: for putting one message into another, which has a page of its own. */
export function withoutPages(message: string): string {
  return message.replaceAll(/ \(docs\/errors\/[A-Z_]+\.md\)/gu, "");
}

/** The ways in which a call to a task hub can fail: the names of gRPC's status codes. */
export type TaskHubErrorCode =
  | "ABORTED"
  | "ALREADY_EXISTS"
  | "CANCELLED"
  | "DEADLINE_EXCEEDED"
  | "FAILED_PRECONDITION"
  | "INTERNAL"
  | "INVALID_ARGUMENT"
  | "NOT_FOUND"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "UNAUTHENTICATED"
  | "UNAVAILABLE"
  | "UNIMPLEMENTED"
  | "UNKNOWN";

/** A message that accompanies an error over the wire: an entry of `google.rpc.Status.details`. */
export interface ErrorDetail {
  /** Name of the message, such as `google.rpc.RetryInfo`. */
  readonly type: string;
  /** The message, encoded. */
  readonly value: Uint8Array;
}

/** What may be said of a {@link TaskHubError} besides its code and message. */
export interface TaskHubErrorOptions extends ErrorOptions {
  /** Default: none. */
  readonly details?: readonly ErrorDetail[] | undefined;
}

/**
 * A call to the task hub failed.
 *
 * `UNAVAILABLE` means that the outcome is unknown: the hub may or may not have done what was asked. `instanceof` recognises
 * errors of another copy of this package too: a transport may have been installed with one of its own.
 */
export class TaskHubError extends DurableTaskError {
  override name = "TaskHubError";
  declare readonly code: TaskHubErrorCode;
  /** What the hub said besides code and message. Crosses the wire in both directions; most hubs send none. */
  readonly details: readonly ErrorDetail[];

  constructor(code: TaskHubErrorCode, message: string, options?: TaskHubErrorOptions) {
    super(code, message, options);
    this.details = options?.details ?? [];
  }

  /** By name, since a class of another copy of this package is another object. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === "TaskHubError" && "details" in value;
  }
}

/** An argument is of the wrong type or out of range; nothing was done. */
export class InvalidArgumentError extends DurableTaskError {
  override name = "InvalidArgumentError";

  constructor(message: string, options?: ErrorOptions) {
    super("INVALID_ARGUMENT", message, options);
  }
}
