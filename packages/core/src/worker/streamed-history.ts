import type { HistoryEvent, OrchestratorRequest } from "@durabletask/protobuf";
import type { Clock } from "../clock.ts";
import { TaskHubError } from "../errors.ts";
import type { TaskHubService } from "../task-hub-service.ts";

/** How long the hub may take for a part of a history. */
const partMs = 30_000;

/**
 * Reads the past of a turn that is too large to come with its work item. Rejects if it cannot be read whole; the turn is then
 * handed back, since a hub that stumbled is no reason to fail the orchestration. The stream is over in any case.
 */
export async function readHistory(
  hub: TaskHubService,
  { instanceId, executionId }: OrchestratorRequest,
  clock: Clock,
  stopping: AbortSignal,
): Promise<HistoryEvent[]> {
  const reading = new AbortController();
  const { signal } = reading;
  const stop = (): void => reading.abort(stopping.reason);
  const wait = (): (() => void) => clock.schedule(() => reading.abort(tooSlow()), partMs);
  if (stopping.aborted) stop();
  stopping.addEventListener("abort", stop, { once: true });
  const events: HistoryEvent[] = [];
  let cancel = wait();
  try {
    const request = { instanceId, executionId, forWorkItemProcessing: true };
    for await (const chunk of hub.streamInstanceHistory(request, { signal })) {
      cancel();
      for (const event of chunk.events) events.push(event);
      cancel = wait();
    }
    return events;
  } finally {
    cancel();
    stopping.removeEventListener("abort", stop);
    reading.abort();
  }
}

function tooSlow(): TaskHubError {
  const seconds = partMs / 1000;
  return new TaskHubError("DEADLINE_EXCEEDED", `no part of the history came within ${seconds} s`);
}
