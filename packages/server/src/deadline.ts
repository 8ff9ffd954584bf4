import type { Clock } from "@durabletask/core";
import { TaskHubError } from "@durabletask/core";
import { longestTimerMs } from "@durabletask/core/spi";

const nothing = () => {};

/** Calls back when the time limit of a call is over, unless the returned function is called first. */
export function atDeadline(
  clock: Clock,
  timeoutMs: number | undefined,
  callback: () => void,
): () => void {
  // More than a timer can wait is no limit that a server would live to see.
  if (timeoutMs === undefined || timeoutMs > longestTimerMs) return nothing;
  return clock.schedule(callback, Math.max(timeoutMs, 0));
}

export function deadlineExceeded(): TaskHubError {
  return new TaskHubError("DEADLINE_EXCEEDED", "The time limit of the call is over.");
}
