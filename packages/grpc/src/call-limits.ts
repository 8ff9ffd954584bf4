import { TaskHubError } from "@durabletask/core";
import { longestTimeoutMs } from "./request-headers.ts";

/** What can end a call before its answer does. */
export interface Stoppable {
  /** Ends the call with this reason. Without effect on one that has ended. */
  stop(reason: unknown): void;
}

/**
 * The open calls of each signal. A signal gets one listener for all of its calls, for as long as it lives: a worker's completions
 * share one, and to add and remove a listener for each would take time and, with many calls open, more and more.
 */
export class SignalGroups {
  readonly #groups = new WeakMap<AbortSignal, Set<Stoppable>>();

  add(signal: AbortSignal, call: Stoppable): void {
    const group = this.#groups.get(signal) ?? this.#listen(signal);
    group.add(call);
  }

  delete(signal: AbortSignal, call: Stoppable): void {
    this.#groups.get(signal)?.delete(call);
  }

  #listen(signal: AbortSignal): Set<Stoppable> {
    const group = new Set<Stoppable>();
    this.#groups.set(signal, group);
    signal.addEventListener(
      "abort",
      () => {
        for (const call of group) call.stop(signal.reason);
        group.clear();
      },
      { once: true },
    );
    return group;
  }
}

/** The time limit of a call as a whole number that gRPC can say. Throws `DEADLINE_EXCEEDED` where no time is left. */
export function wholeTimeout(timeoutMs: number | undefined): number | undefined {
  if (timeoutMs === undefined) return undefined;
  if (timeoutMs <= 0) throw deadlineExceeded(timeoutMs);
  return Math.ceil(Math.min(timeoutMs, longestTimeoutMs));
}

export function deadlineExceeded(timeoutMs: number): TaskHubError {
  return new TaskHubError("DEADLINE_EXCEEDED", `the call took longer than ${timeoutMs} ms`);
}
