import type { GetInstanceResponse } from "@durabletask/protobuf";
import type { Clock } from "../clock.ts";
import { durationToMs } from "../duration.ts";
import { TaskHubError } from "../errors.ts";
import type { TaskHubService } from "../task-hub-service.ts";
import type { WaitForOptions } from "./options.ts";

/** The two things that can be waited for. */
export type WaitMethod = "waitForInstanceStart" | "waitForInstanceCompletion";

/** A wait is a chain of calls of this length, so that a lost connection is noticed. */
const longPollMs = 30_000;

/** A poll that ends sooner with nobody there was begun with nobody there, by a transport that tries nothing again. */
const soonMs = 5000;

/**
 * Waits by long polls, until the hub answers, the time limit has passed or the signal is aborted.
 *
 * A transport tries a poll again until the poll's time is over. A hub that goes away shortly before that would have no time to come
 * back, so a poll that ends with nobody there is followed by one more, for which the transport has all of its time.
 */
export async function waitForInstance(
  hub: TaskHubService,
  method: WaitMethod,
  id: string,
  { timeout, signal, fetchPayloads = true }: WaitForOptions,
  clock: Clock,
): Promise<GetInstanceResponse> {
  const limitMs = timeout === undefined ? Infinity : durationToMs(timeout, "the timeout");
  const endsAt = clock.now() + limitMs;
  const request = { instanceId: id, getInputsAndOutputs: fetchPayloads };
  for (let wasAway = false; ;) {
    const begunAt = clock.now();
    const timeoutMs = Math.min(longPollMs, Math.max(0, endsAt - begunAt));
    try {
      return await hub[method](request, { signal, timeoutMs });
    } catch (error) {
      const code = error instanceof TaskHubError ? error.code : undefined;
      const isAway = code === "UNAVAILABLE";
      const mayComeBack = isAway && !wasAway && clock.now() - begunAt >= soonMs;
      const isOver = code === "DEADLINE_EXCEEDED" || mayComeBack;
      if (!isOver || clock.now() >= endsAt) throw error;
      wasAway = isAway;
    }
  }
}
