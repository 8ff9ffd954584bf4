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

/** Waits by long polls, until the hub answers, the time limit has passed or the signal is aborted. */
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
  for (;;) {
    const timeoutMs = Math.min(longPollMs, Math.max(0, endsAt - clock.now()));
    try {
      return await hub[method](request, { signal, timeoutMs });
    } catch (error) {
      const isPoll = error instanceof TaskHubError && error.code === "DEADLINE_EXCEEDED";
      if (!isPoll || clock.now() >= endsAt) throw error;
    }
  }
}
