import type {
  CompleteOrchestrationAction,
  ExecutionStartedEvent,
  HistoryEvent,
} from "@durabletask/protobuf";
import { executionStarted, retimed } from "../state/history-events.ts";
import type { Hub } from "../state/hub.ts";
import type { Instance } from "../state/instance.ts";
import { startOf } from "../state/start.ts";
import type { TurnLease } from "../state/work.ts";
import { toTimestamp } from "../time/timestamp.ts";
import { cancelTimers, dropActivities } from "./ending.ts";
import { forgetPast } from "./recalling.ts";

/**
 * Continue-as-new: the instance begins a new execution with a chain of its own, and the old chain goes in the same
 * commit. Nothing that an earlier generation waits for reaches the new one; external events do (rule 1).
 */
export function beginGeneration(
  hub: Hub,
  lease: TurnLease,
  action: CompleteOrchestrationAction,
): void {
  const { instance } = lease;
  const { journal } = hub;
  const kept = instance.inbox.slice(lease.consumed).filter(outlivesGeneration);
  const heldFrom = stillHeldFrom(instance, lease.consumed, action.carryoverEvents.length);
  forgetTasks(hub, instance);

  instance.executionId = hub.newId();
  const started = restarted(instance, action);
  instance.start = startOf(started);
  const timestamp = toTimestamp(instance.latest);
  const carried = action.carryoverEvents.map((event) => retimed(event, timestamp));
  const head: HistoryEvent[] = [executionStarted(timestamp, started), ...carried, ...kept];
  instance.inbox = head;
  instance.heldFrom = heldFrom;

  journal.batch.removedChains.push(instance.tail);
  journal.appendHead(instance, head);
  hub.histories.put(instance, []);
  // The next turn waits for the disk: a loop without any other wait must not outrun it.
  instance.turnAfterBatch = journal.batch.number;
  journal.batch.renewed.push(instance);
}

function forgetTasks(hub: Hub, instance: Instance): void {
  dropActivities(hub, instance);
  cancelTimers(hub, instance);
  instance.children.clear();
  forgetPast(hub, instance);
  instance.session = undefined;
  instance.traceContext = undefined;
}

function restarted(instance: Instance, action: CompleteOrchestrationAction): ExecutionStartedEvent {
  return {
    $typeName: "ExecutionStartedEvent",
    ...instance.start,
    version: action.newVersion ?? instance.start.version,
    input: action.result,
    orchestrationInstance: {
      $typeName: "OrchestrationInstance",
      instanceId: instance.id,
      executionId: instance.executionId,
    },
    scheduledStartTimestamp: undefined,
  };
}

function outlivesGeneration({ eventType }: HistoryEvent): boolean {
  return (
    eventType.case === "eventRaised" ||
    eventType.case === "executionSuspended" ||
    eventType.case === "executionResumed"
  );
}

/**
 * What was held stays held: counted anew, since results of tasks have left the inbox. If the old execution took the
 * suspension with it, nothing goes to the new one before the resume.
 */
function stillHeldFrom(instance: Instance, consumed: number, carried: number): number | undefined {
  if (instance.heldFrom === undefined) return undefined;
  const before = instance.inbox.slice(consumed, instance.heldFrom).filter(outlivesGeneration);
  const isToCome = before.some(({ eventType }) => eventType.case === "executionSuspended");
  return isToCome ? 1 + carried + before.length : 0;
}
