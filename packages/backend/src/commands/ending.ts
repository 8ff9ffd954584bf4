import type { ExecutionCompletedEvent } from "@durabletask/protobuf";
import { OrchestrationStatus } from "@durabletask/protobuf";
import {
  childCompleted,
  childFailed,
  completion,
  executionCompleted,
  executionTerminated,
  failure,
  orchestratorStarted,
} from "../state/history-events.ts";
import type { Hub } from "../state/hub.ts";
import { fenceTurns } from "../state/leases.ts";
import { endedInstance, type Instance } from "../state/instance.ts";
import type { Activity } from "../state/work.ts";
import { toTimestamp } from "../time/timestamp.ts";
import { forgetPast, settleCall } from "./recalling.ts";

/**
 * Marks an instance as ended. The row whose last event is `completed` has just been appended; the caller settles what
 * becomes of open activities, and tells the parent last.
 */
export function markEnded(hub: Hub, instance: Instance, completed: ExecutionCompletedEvent): void {
  instance.status = completed.orchestrationStatus;
  instance.completedAt = instance.latest;
  instance.updatedAt = instance.latest;
  instance.heldFrom = undefined;
  instance.inbox.length = 0;
  hub.withdrawTurn(instance);
  // A turn in flight is fenced: its lease lives on for its worker's credit only (rule 6).
  fenceTurns(instance);
  cancelTimers(hub, instance);
  if (instance.suspect) hub.quarantine.settle(instance.suspect);
  // Only what has failed is ever rewound.
  if (instance.status !== OrchestrationStatus.FAILED) forgetPast(hub, instance);
  hub.journal.touch(instance);
  hub.journal.batch.ended.push(endedInstance(instance, completed));
}

/** Open timers never fire. */
export function cancelTimers(hub: Hub, instance: Instance): void {
  if (instance.timers.size === 0) return;
  for (const alarm of instance.timers.values()) hub.alarms.cancel(alarm);
  instance.timers.clear();
}

/** A result has come, or nobody wants one any more: if it was not handed out, it never will be. */
export function endActivity(hub: Hub, activity: Activity): void {
  activity.state = "over";
  activity.place?.leave();
  if (activity.suspect) hub.quarantine.settle(activity.suspect);
  const detachedKey = hub.detached.remove(activity);
  if (detachedKey !== undefined) hub.journal.batch.undetached.push(detachedKey);
}

/** Nobody waits for the instance's open activities any more. */
export function dropActivities(hub: Hub, instance: Instance): void {
  for (const activity of instance.activities.values()) endActivity(hub, activity);
  instance.activities.clear();
}

/** Nor for what still runs of an execution that is over. */
export function dropDetached(hub: Hub, instanceId: string, executionId: string): void {
  for (const activity of hub.detached.of(instanceId))
    if (activity.executionId === executionId) endActivity(hub, activity);
}

/**
 * Ends a live instance from outside, whether or not a worker is there (rule 6). With `recurse` its live children end in
 * the same commit.
 */
export function terminate(
  hub: Hub,
  instance: Instance,
  output: string | undefined,
  recurse: boolean,
): void {
  const doomed = [instance];
  for (let next = doomed.pop(); next; next = doomed.pop()) {
    if (next.hasEnded) continue;
    // Older children are those of another instance, which had this id before.
    for (const child of (recurse && hub.childrenOf.get(next.id)) || [])
      if (child.key > next.key) doomed.push(child);
    terminateOne(hub, next, output, recurse);
  }
}

function terminateOne(
  hub: Hub,
  instance: Instance,
  output: string | undefined,
  recurse: boolean,
): void {
  const timestamp = toTimestamp(instance.stamp(hub.clock.now()));
  const completed = completion(OrchestrationStatus.TERMINATED, output, undefined);
  const events = [
    executionTerminated(timestamp, output, recurse),
    executionCompleted(-1, timestamp, completed),
  ];
  // Of the inbox, only what says how the instance was started becomes history.
  const hasStart = instance.inbox[0]?.eventType.case === "executionStarted";
  hub.journal.appendTurn(instance, hasStart ? 1 : 0, orchestratorStarted(timestamp), events);
  dropActivities(hub, instance);
  markEnded(hub, instance, completed);
  tellParent(hub, instance, completed);
}

/** Gives the parent, if it still waits, what became of its child. */
export function tellParent(hub: Hub, child: Instance, completed: ExecutionCompletedEvent): void {
  const info = child.start.parentInstance;
  const parent = hub.instances.get(info?.orchestrationInstance?.instanceId ?? "");
  if (!info || !parent || parent.hasEnded) return;
  // Results for an earlier generation never reach a later one (rule 1); only one result counts (rule 2).
  if (parent.executionId !== info.orchestrationInstance?.executionId) return;
  const task = openCallOf(parent, child.id, info.taskScheduledId);
  if (task === undefined) return keepChild(hub, parent, child, completed);
  parent.children.delete(task);
  const timestamp = toTimestamp(parent.stamp(hub.clock.now()));
  hub.deliver(
    parent,
    completed.orchestrationStatus === OrchestrationStatus.COMPLETED
      ? childCompleted(timestamp, task, completed.result)
      : childFailed(timestamp, task, completed.failureDetails ?? endedOtherwise(child, completed)),
  );
}

/** A rewound parent has not asked for the child again yet. */
function keepChild(
  hub: Hub,
  parent: Instance,
  child: Instance,
  { orchestrationStatus, result }: ExecutionCompletedEvent,
): void {
  const call = parent.past?.openCallOf(child.id);
  if (!call) return;
  const timestamp = toTimestamp(parent.stamp(hub.clock.now()));
  const { eventId } = call.scheduled;
  const isSuccess = orchestrationStatus === OrchestrationStatus.COMPLETED;
  settleCall(hub, parent, call, isSuccess ? childCompleted(timestamp, eventId, result) : undefined);
}

/** The parent's call that waits for the child: its id may be another one after a rewind. */
function openCallOf(parent: Instance, childId: string, taskId: number): number | undefined {
  if (parent.children.get(taskId) === childId) return taskId;
  for (const [id, open] of parent.children) if (open === childId) return id;
  return undefined;
}

function endedOtherwise(
  child: Instance,
  completed: ExecutionCompletedEvent,
): ReturnType<typeof failure> {
  const wasTerminated = completed.orchestrationStatus === OrchestrationStatus.TERMINATED;
  return wasTerminated
    ? failure("OrchestrationTerminated", `The child orchestration "${child.id}" was terminated.`)
    : failure("OrchestrationFailed", `The child orchestration "${child.id}" did not complete.`);
}
