import { sleep } from "../backoff.ts";
import type { Clock } from "../clock.ts";
import { type Duration, durationToMs } from "../duration.ts";
import { TaskHubError } from "../errors.ts";
import type { WorkItemStream } from "./work-item-stream.ts";

/** How a worker is started. */
export interface StartOptions {
  /** Whether to wait until the hub has answered and the stream of work is open. Default: false. */
  readonly untilConnected?: boolean | undefined;
  /** How long to wait for it. Default: as long as it takes. */
  readonly timeout?: Duration | undefined;
  /** Aborting it ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** Waits for the first connection, within limits. */
export async function untilConnected(
  stream: WorkItemStream,
  { timeout, signal }: StartOptions,
  clock: Clock,
): Promise<void> {
  const over = new AbortController();
  const limitMs = timeout === undefined ? undefined : durationToMs(timeout, "timeout");
  await Promise.race([
    stream.connecting() ?? Promise.resolve(),
    aborted(signal, over.signal),
    limitMs === undefined ? aborted(over.signal) : sleep(clock, limitMs, over.signal),
  ]);
  over.abort();
  if (stream.isConnected) return;
  signal?.throwIfAborted();
  if (stream.connecting() === undefined) {
    throw new TaskHubError("CANCELLED", "the worker was stopped before it was connected");
  }
  throw new TaskHubError("DEADLINE_EXCEEDED", "the worker could not reach its task hub in time", {
    cause: stream.lastError,
  });
}

/** Resolves when the signal is aborted; lets go of it once the waiting is over. */
function aborted(signal: AbortSignal | undefined, over?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal?.addEventListener("abort", () => resolve(), {
      once: true,
      ...(over && { signal: over }),
    });
  });
}
