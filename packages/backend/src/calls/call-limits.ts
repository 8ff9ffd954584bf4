import type { CallOptions, Clock } from "@durabletask/core";
import { TaskHubError } from "@durabletask/core";
import { longestTimerMs } from "@durabletask/core/spi";

/**
 * Calls `reject` when the call's time is over or its signal aborts, whichever comes first; at once if it has. Gives what takes
 * that back.
 */
export function limit(
  { signal, timeoutMs }: CallOptions,
  clock: Clock,
  reject: (reason: unknown) => void,
): () => void {
  const abort = () => reject(signal?.reason);
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  const cancel = timeoutMs === undefined ? undefined : scheduleDeadline(clock, timeoutMs, reject);
  return () => {
    signal?.removeEventListener("abort", abort);
    cancel?.();
  };
}

function scheduleDeadline(
  clock: Clock,
  timeoutMs: number,
  reject: (error: Error) => void,
): () => void {
  const deadline = clock.now() + timeoutMs;
  let cancel: () => void;
  const arm = (left: number) => {
    cancel = clock.schedule(check, Math.min(left, longestTimerMs));
  };
  const check = () => {
    const left = deadline - clock.now();
    if (left > 0) return arm(left);
    reject(new TaskHubError("DEADLINE_EXCEEDED", `The call took longer than ${timeoutMs} ms.`));
  };
  arm(timeoutMs);
  return () => cancel();
}
