import type { CallOptions, Clock } from "@durabletask/core";
import { TaskHubError } from "@durabletask/core";

/** Gives up on `result` when the call's time is over or its signal aborts, whichever comes first. */
export async function withLimits<T>(
  result: Promise<T>,
  options: CallOptions,
  clock: Clock,
): Promise<T> {
  const { signal, timeoutMs } = options;
  if (!signal && timeoutMs === undefined) return await result;
  signal?.throwIfAborted();
  const limit = Promise.withResolvers<never>();
  const abort = () => limit.reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const cancel =
    timeoutMs === undefined ? undefined : scheduleDeadline(clock, timeoutMs, limit.reject);
  try {
    return await Promise.race([result, limit.promise]);
  } finally {
    signal?.removeEventListener("abort", abort);
    cancel?.();
  }
}

/** What a timer of the platform can hold. */
const maxDelayMs = 2 ** 31 - 1;

function scheduleDeadline(
  clock: Clock,
  timeoutMs: number,
  reject: (error: Error) => void,
): () => void {
  const deadline = clock.now() + timeoutMs;
  let cancel: () => void;
  const arm = (left: number) => {
    cancel = clock.schedule(check, Math.min(left, maxDelayMs));
  };
  const check = () => {
    const left = deadline - clock.now();
    if (left > 0) return arm(left);
    reject(new TaskHubError("DEADLINE_EXCEEDED", `The call took longer than ${timeoutMs} ms.`));
  };
  arm(timeoutMs);
  return () => cancel();
}
