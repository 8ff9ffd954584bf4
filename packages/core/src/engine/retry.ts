import { type Duration, durationToMs } from "../duration.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { FailureDetails } from "../failure.ts";

/**
 * When and how often to try a failed activity or child orchestration again.
 *
 * Delays grow as `firstRetryInterval * backoffCoefficient ** (failures - 1)`, up to `maxRetryInterval`. A failure that
 * is marked as non-retriable is never tried again. `RetryPolicy` in .NET and Python.
 */
export interface RetryPolicy {
  /** How often to try at most, the first attempt included. At least 1. */
  readonly maxNumberOfAttempts: number;
  /** The wait after the first failure. More than zero. */
  readonly firstRetryInterval: Duration;
  /** What each wait is multiplied by to get the next. At least 1. Default: 1. */
  readonly backoffCoefficient?: number | undefined;
  /** The longest wait. Default: one hour. */
  readonly maxRetryInterval?: Duration | undefined;
  /**
   * After a failure that comes later than this after the first attempt, nothing is tried any more. An attempt that was
   * decided on before may still be made after it. Default: no limit.
   */
  readonly retryTimeout?: Duration | undefined;
  /** Whether this failure is worth another attempt. One that throws says no, and the log tells. Default: all are. */
  readonly handleFailure?: ((failure: FailureDetails) => boolean) | undefined;
}

/** What a {@link RetryHandler} decides on. */
export interface RetryContext {
  /** Attempts made so far, all failed. */
  readonly lastAttemptNumber: number;
  readonly lastFailure: FailureDetails;
  /** Milliseconds since the first attempt was made, by the orchestration's clock. */
  readonly totalRetryTimeMs: number;
}

/**
 * Decides after each failure: `true` tries again at once, a duration after that long, anything else gives up. So does one
 * that throws, or answers with what is no decision: the call fails with the failure it was asked about, and the log tells.
 * It must be deterministic, as the orchestrator is. Not asked about non-retriable failures. `AsyncRetryHandler` in .NET.
 */
export type RetryHandler = (retry: RetryContext) => boolean | Duration;

/** How a call is retried. */
export type Retry = RetryPolicy | RetryHandler;

/** Milliseconds until the next attempt, or `undefined` to give up. */
export type RetryDecision = (retry: RetryContext) => number | undefined;

const oneHourMs = 3_600_000;

/**
 * Validates a policy once, and gives the function that decides. Throws {@link InvalidArgumentError}. `onThrown` is told of
 * the user's code that could not decide; what matters to the caller is then the failure that it was asked about.
 */
export function retryDecision(retry: Retry, onThrown: (error: unknown) => void): RetryDecision {
  const decide = typeof retry === "function" ? handlerDecision(retry) : policyDecision(retry);
  return (context) => {
    if (context.lastFailure.isNonRetriable) return undefined;
    try {
      return decide(context);
    } catch (error) {
      onThrown(error);
      return undefined;
    }
  };
}

function handlerDecision(handler: RetryHandler): RetryDecision {
  return (context) => {
    const answer = handler(context);
    if (answer === true) return 0;
    // A handler in JavaScript may forget to answer.
    if (!answer) return undefined;
    return durationToMs(answer, "what the retry handler returned");
  };
}

function policyDecision(policy: RetryPolicy): RetryDecision {
  const first = durationToMs(policy.firstRetryInterval, "retry.firstRetryInterval");
  const coefficient = policy.backoffCoefficient ?? 1;
  const longest = optionalMs(policy.maxRetryInterval, "retry.maxRetryInterval") ?? oneHourMs;
  const timeout = optionalMs(policy.retryTimeout, "retry.retryTimeout") ?? Infinity;
  const attempts = policy.maxNumberOfAttempts;
  check(
    Number.isSafeInteger(attempts) && attempts >= 1,
    "maxNumberOfAttempts",
    attempts,
    "1 or more",
  );
  check(first > 0, "firstRetryInterval", `${first} ms`, "more than zero");
  check(
    Number.isFinite(coefficient) && coefficient >= 1,
    "backoffCoefficient",
    coefficient,
    "1 or more",
  );
  check(
    policy.maxRetryInterval === undefined || longest >= first,
    "maxRetryInterval",
    `${longest} ms`,
    "at least firstRetryInterval",
  );
  check(timeout >= first, "retryTimeout", `${timeout} ms`, "at least firstRetryInterval");
  return ({ lastAttemptNumber, lastFailure, totalRetryTimeMs }) => {
    if (lastAttemptNumber >= attempts || totalRetryTimeMs >= timeout) return undefined;
    const { handleFailure } = policy;
    if (handleFailure && !saysYes(handleFailure(lastFailure))) return undefined;
    const delay = first * coefficient ** (lastAttemptNumber - 1);
    return Math.min(Math.ceil(delay), Math.max(longest, first));
  };
}

/** An async predicate, which JavaScript lets through, has decided nothing yet. */
function saysYes(answer: unknown): boolean {
  if (typeof answer !== "object" || answer === null) return answer === true;
  throw new InvalidArgumentError("handleFailure answers true or false, at once");
}

function optionalMs(duration: Duration | undefined, what: string): number | undefined {
  return duration === undefined ? undefined : durationToMs(duration, what);
}

function check(holds: boolean, field: string, value: unknown, rule: string): void {
  if (!holds)
    throw new InvalidArgumentError(`retry.${field} is ${String(value)}; it must be ${rule}`);
}
