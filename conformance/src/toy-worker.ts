import type { Transport } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import type {
  ExecutionStartedEvent,
  HistoryEvent,
  OrchestratorAction,
  OrchestratorRequest,
  WorkItem,
} from "@durabletask/protobuf";
import { child, complete, continueAsNew, schedule, timer } from "./actions.ts";

/** What a toy worker tells of what it does. */
export interface ToyWorkerOptions {
  /** Called for every activity, before it is answered. */
  readonly onActivity?: (instanceId: string, taskId: number) => void;
  readonly now: () => number;
}

/**
 * Runs toy orchestrations until its stream ends: "parent" calls two activities, sleeps, runs a "child" and continues as
 * new once; a "child" calls one activity. All of it follows from the history alone, as it does in a real worker.
 */
export async function runToyWorker(hub: Transport, options: ToyWorkerOptions): Promise<void> {
  const service = createTaskHubService(hub);
  for await (const item of service.getWorkItems({})) {
    // The outcome of a call that the crash cut off is unknown, and the next worker's to find out.
    void answer(service, item, options).catch(() => undefined);
  }
}

async function answer(
  service: ReturnType<typeof createTaskHubService>,
  { request, completionToken }: WorkItem,
  { onActivity, now }: ToyWorkerOptions,
): Promise<void> {
  if (request.case === "orchestratorRequest") {
    const { instanceId } = request.value;
    const actions = decide(request.value, now());
    await service.completeOrchestratorTask({ instanceId, actions, completionToken });
  } else if (request.case === "activityRequest") {
    const { taskId, orchestrationInstance } = request.value;
    const instanceId = orchestrationInstance?.instanceId ?? "";
    onActivity?.(instanceId, taskId);
    await service.completeActivityTask({
      instanceId,
      taskId,
      completionToken,
      result: String(taskId),
    });
  }
}

function decide({ pastEvents, newEvents }: OrchestratorRequest, now: number): OrchestratorAction[] {
  return nextActions(seenIn([...pastEvents, ...newEvents]), now);
}

/** What a toy orchestration looks at: how it began, and the names of all that has come about since. */
export interface Seen {
  readonly name: string | undefined;
  readonly input: string | undefined;
  readonly names: readonly string[];
}

export function seenIn(events: readonly HistoryEvent[]): Seen {
  const types = events.map(({ eventType }) => eventType);
  const started = types.find((type) => type.case === "executionStarted")?.value;
  return { ...pick(started), names: types.map((type) => type.case ?? "none") };
}

function pick(started: ExecutionStartedEvent | undefined): Pick<Seen, "name" | "input"> {
  return { name: started?.name, input: started?.input };
}

/** What a toy orchestration asks for next. */
export function nextActions({ name, input, names }: Seen, now: number): OrchestratorAction[] {
  const isAsked = (event: string, times = 1) =>
    names.filter((each) => each === event).length >= times;
  if (name === "child") {
    if (isAsked("taskCompleted")) return [complete(2, "child")];
    return isAsked("taskScheduled") ? [] : [schedule(1)];
  }
  if (isAsked("subOrchestrationInstanceCompleted")) {
    return input === "again" ? [complete(5, "done")] : [continueAsNew(5, "again")];
  }
  if (isAsked("subOrchestrationInstanceCreated")) return [];
  if (isAsked("timerFired")) return [child(4)];
  if (isAsked("timerCreated")) return [];
  if (isAsked("taskCompleted", 2)) return [timer(3, now + 5)];
  return isAsked("taskScheduled") ? [] : [schedule(1), schedule(2)];
}
