import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import type { TaskFailureDetails } from "@durabletask/protobuf";
import { DurableTaskError, withoutPages } from "./errors.ts";

/**
 * Why something failed, as it crosses from one process and language to another.
 *
 * `FailureDetails` in the JavaScript and Python SDKs, `TaskFailureDetails` in .NET.
 */
export interface FailureDetails {
  /** The name of the error's class: `error.name` here, a qualified name where another language failed. */
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stackTrace?: string | undefined;
  /** What caused it: `error.cause` here. */
  readonly innerFailure?: FailureDetails | undefined;
  /** Trying again is pointless; retry policies stop. */
  readonly isNonRetriable: boolean;
  /** Facts that the side which failed has added, by its `failureProperties`. */
  readonly properties?: Readonly<Record<string, JsonValue>> | undefined;
}

/**
 * Gives the facts that go with an error to whoever calls: `IExceptionPropertiesProvider` in .NET. Asked for each error in a
 * chain of causes. One that throws is logged and skipped.
 */
export type FailureProperties = (error: unknown) => Readonly<Record<string, JsonValue>> | undefined;

/**
 * Thrown in an activity or an orchestrator: fails the task at once, whatever the retry policy of its caller.
 * Any error with a property `isNonRetriable: true` does the same.
 */
export class NonRetriableError extends Error {
  override name = "NonRetriableError";
  readonly isNonRetriable = true;
}

/**
 * Changes what goes over the wire of an error: redacts messages, drops stack traces, maps types. Gets what would go out, and
 * the error. One that throws is logged, and the failure goes out as it was.
 */
export type FailureConverter = (failure: FailureDetails, error: unknown) => FailureDetails;

/** A failure that happened elsewhere, as an error: its `name` is the type that was thrown there, its `cause` the cause. */
export class RemoteError extends Error {
  /** What came over the wire, whole. */
  readonly failure: TaskFailureDetails;
  /** Facts that the other side has added. */
  readonly properties: Readonly<Record<string, JsonValue>>;

  constructor(failure: TaskFailureDetails) {
    super(failure.errorMessage, {
      cause: failure.innerFailure && new RemoteError(failure.innerFailure),
    });
    this.name = failure.errorType;
    this.failure = failure;
    this.properties = failureDetails(failure).properties ?? {};
    // The stack of this object would show where it was decoded, which helps nobody.
    this.stack = failure.stackTrace ?? `${failure.errorType}: ${failure.errorMessage}`;
  }
}

/** Which task failed, for {@link TaskFailedError}. */
export interface FailedTask {
  /** What kind of task: an activity or a sub-orchestration. */
  readonly kind: "activity" | "sub-orchestration" | "entity operation";
  readonly name: string;
  /** Event id of the last attempt. */
  readonly id: number;
  /** How often it was tried. */
  readonly attempts: number;
}

/**
 * An activity or a child orchestration failed, for good: retries, if any, are used up.
 *
 * `TaskFailedException` in .NET, `TaskFailedError` in Python and JavaScript.
 */
export class TaskFailedError extends DurableTaskError {
  override name = "TaskFailedError";
  /** Which task failed, and how often it was tried. */
  readonly task: FailedTask;
  /** Why the last attempt failed. */
  readonly failure: FailureDetails;

  constructor(task: FailedTask, failure: TaskFailureDetails) {
    const tries = task.attempts > 1 ? ` after ${task.attempts} attempts` : "";
    super(
      "TASK_FAILED",
      `${task.kind} '${task.name}' (#${task.id}) failed${tries}: ${failure.errorType}: ${withoutPages(failure.errorMessage)}`,
      { cause: new RemoteError(failure) },
    );
    this.task = task;
    this.failure = failureDetails(failure);
  }

  /**
   * Whether an error of this type is in the chain of causes. Matches the whole name, and the last part of a qualified
   * one: `isCausedBy("PaymentDeclined")` is true for `Shop.PaymentDeclined` thrown in .NET.
   */
  isCausedBy(errorType: string): boolean {
    return isFailureCausedBy(this.failure, errorType);
  }
}

/** Whether a failure or one of its causes is of this type, by whole or by unqualified name. */
export function isFailureCausedBy(failure: FailureDetails | undefined, errorType: string): boolean {
  for (let inner = failure; inner !== undefined; inner = inner.innerFailure) {
    const name = inner.errorType;
    if (name === errorType || name.slice(name.lastIndexOf(".") + 1) === errorType) return true;
  }
  return false;
}

/**
 * What a thrown value says of itself, on its way to the wire. Causes are followed to a depth of 64, since readers of
 * protobuf in other languages refuse messages that are nested deeper than 100; a cycle ends them too. Never throws, whatever
 * was thrown and whatever its getters do; `properties` may.
 */
export function failureOf(thrown: unknown, properties?: FailureProperties): TaskFailureDetails {
  const chain: TaskFailureDetails[] = [];
  const seen = new Set<unknown>();
  for (let next: unknown = thrown; chain.length < deepestCause && !seen.has(next);) {
    seen.add(next);
    const remote = guarded(
      () => (next instanceof RemoteError ? next.failure : undefined),
      undefined,
    );
    if (remote !== undefined) {
      chain.push(remote);
      break;
    }
    chain.push(encode(next, properties));
    next = guarded(() => causeOf(next), undefined);
    if (next === undefined) break;
  }
  return chain.reduceRight((innerFailure, failure) => ({ ...failure, innerFailure }));
}

const deepestCause = 64;

/** A failure of the wire as users see it. */
export function failureDetails(failure: TaskFailureDetails): FailureDetails {
  const { errorType, errorMessage, stackTrace, innerFailure, isNonRetriable } = failure;
  const properties = Object.entries(failure.properties);
  return {
    errorType,
    errorMessage,
    stackTrace,
    innerFailure: innerFailure && failureDetails(innerFailure),
    isNonRetriable,
    ...(properties.length > 0 && {
      properties: Object.fromEntries(
        properties.map(([name, value]) => [name, toJson(ValueSchema, value)]),
      ),
    }),
  };
}

/** A failure as users see it, on its way to the wire. */
export function failureToWire(failure: FailureDetails): TaskFailureDetails {
  const { errorType, errorMessage, stackTrace, innerFailure, isNonRetriable } = failure;
  const properties = Object.entries(failure.properties ?? {});
  return {
    $typeName: "TaskFailureDetails",
    errorType,
    errorMessage: errorMessage || noMessage,
    stackTrace,
    innerFailure: innerFailure && failureToWire(innerFailure),
    isNonRetriable,
    properties: Object.fromEntries(
      properties.map(([name, fact]) => [name, fromJson(ValueSchema, fact)]),
    ),
  };
}

/** A failure that does not come from an error of anybody's. */
export function createFailure(
  errorType: string,
  errorMessage: string,
  isNonRetriable = false,
): TaskFailureDetails {
  return {
    $typeName: "TaskFailureDetails",
    errorType,
    errorMessage,
    isNonRetriable,
    properties: {},
  };
}

/** One link of the chain, without its cause. */
function encode(thrown: unknown, properties: FailureProperties | undefined): TaskFailureDetails {
  const facts = Object.entries(properties?.(thrown) ?? {});
  const own = Object.fromEntries(facts.map(([name, fact]) => [name, fromJson(ValueSchema, fact)]));
  if (!isError(thrown)) {
    return { ...createFailure(typeName(thrown), text(thrown)), properties: own };
  }
  // Fields of errors are whatever somebody made of them: getters that throw, objects, nothing.
  const field = (read: () => unknown): string => {
    const value = guarded(read, undefined);
    return typeof value === "string" ? value : value === undefined ? "" : text(value);
  };
  const stackTrace = field(() => thrown.stack);
  return {
    // Some peers take a failure without a message for a success.
    ...createFailure(field(() => thrown.name) || "Error", field(() => thrown.message) || noMessage),
    ...(stackTrace !== "" && { stackTrace }),
    isNonRetriable: guarded(
      () => "isNonRetriable" in thrown && thrown.isNonRetriable === true,
      false,
    ),
    properties: own,
  };
}

const noMessage = "(no message)";

/** Errors of another realm (a `vm` context, a test runner) are errors too. */
function isError(value: unknown): value is Error {
  return guarded(
    () => value instanceof Error || Object.prototype.toString.call(value) === "[object Error]",
    false,
  );
}

/** Reads what may throw. */
function guarded<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** The cause of an error; of an `AggregateError` without one, the first error in it. */
function causeOf(error: unknown): unknown {
  if (!isError(error)) return undefined;
  if (error.cause !== undefined) return error.cause;
  return error instanceof AggregateError ? error.errors[0] : undefined;
}

function typeName(thrown: unknown): string {
  return thrown === null ? "null" : typeof thrown;
}

function text(thrown: unknown): string {
  if (typeof thrown === "string") return thrown || noMessage;
  const json = guarded(() => JSON.stringify(thrown), undefined);
  return json ?? guarded(() => String(thrown), noMessage);
}
