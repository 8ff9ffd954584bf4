import { childIdOf, firstAttemptOf, firstAttemptTag } from "@durabletask/core/spi";
import type { HistoryEvent } from "@durabletask/protobuf";
import { historyEvent, taskCompleted } from "../state/history-events.ts";
import type { Hub } from "../state/hub.ts";
import type { Instance } from "../state/instance.ts";
import type { Recall } from "../state/past.ts";
import { Past } from "../state/past.ts";
import type { Activity } from "../state/work.ts";
import { markOf } from "../state/work.ts";
import type { KeptCall } from "../store/store.ts";
import { toTimestamp } from "../time/timestamp.ts";
import { childIdBy } from "./action-record.ts";

/** What the history says of an action, and the call of the past that it makes again, if it does. */
export interface Recorded {
  readonly event: HistoryEvent;
  readonly call?: Recall | undefined;
}

/**
 * Looks an action of a rewound execution up in its past. Activities keep the idempotency key that they had; one that was not
 * asked for before gets one that no other call has ever had, although its event id may have been another's.
 */
export function recall(hub: Hub, instance: Instance, past: Past, event: HistoryEvent): Recorded {
  const told = past.firstAttemptToldBy(event);
  const call = past.take(event, (found) => isUsable(hub, found));
  if (call) hub.journal.batch.unkept.push(call.key);
  const first = told ?? (call ? firstAttemptOf(call.scheduled) : `${event.eventId}~${past.life}`);
  const recorded = call
    ? withChildId(withFirstAttempt(event, first), childIdOf(call.scheduled))
    : withFreeChildId(hub, instance, past, withFirstAttempt(event, first));
  past.record(recorded);
  // Of an activity that has to run again only the key is known.
  const isKey = recorded.eventType.case === "taskScheduled" && !call?.result && !call?.activity;
  return { event: recorded, call: isKey ? undefined : call };
}

/** The past of an execution whose history is known; what is kept of it is still to be added. */
export function pastOf(instance: Instance, life: number, history: readonly HistoryEvent[]): Past {
  const past = new Past(instance.id, instance.executionId, life);
  for (const event of history) past.record(event);
  return past;
}

/** A child that has no result must live. No other instance can have its id then: its end settles the call. */
function isUsable(hub: Hub, { scheduled, result }: KeptCall): boolean {
  const childId = childIdOf(scheduled);
  return childId === undefined || result !== undefined || isLive(hub.instances.get(childId));
}

function isLive(instance: Instance | undefined): boolean {
  return instance !== undefined && !instance.hasEnded;
}

function withFirstAttempt(event: HistoryEvent, first: string | undefined): HistoryEvent {
  const { eventId, eventType } = event;
  if (eventType.case !== "taskScheduled" || first === undefined) return event;
  if (first === firstAttemptOf(event)) return event;
  const tags = { ...eventType.value.tags, [firstAttemptTag]: first };
  return { ...event, eventId, eventType: { ...eventType, value: { ...eventType.value, tags } } };
}

function withChildId(event: HistoryEvent, instanceId: string | undefined): HistoryEvent {
  const { eventType } = event;
  if (eventType.case !== "subOrchestrationInstanceCreated" || instanceId === undefined)
    return event;
  return { ...event, eventType: { ...eventType, value: { ...eventType.value, instanceId } } };
}

/** An id that was derived from an event id may be that of a child that was started under it before. */
function withFreeChildId(
  hub: Hub,
  instance: Instance,
  past: Past,
  event: HistoryEvent,
): HistoryEvent {
  const childId = childIdOf(event);
  const holder = childId === undefined ? undefined : hub.instances.get(childId);
  if (!holder || holder.hasEnded || !past.isDerived(childId, event.eventId)) return event;
  return withChildId(event, `${childIdBy(instance.executionId, event.eventId)}~${past.life}`);
}

/** Gives the code what is known of the calls that it makes again, results in the order in which they came. */
export function answerRecalled(
  hub: Hub,
  { instance, isOver }: { readonly instance: Instance; readonly isOver: boolean },
  recalled: readonly Recorded[],
): void {
  // The execution is over, perhaps by its own hand: what runs on runs on, and nobody waits for the rest.
  if (isOver || instance.hasEnded) return;
  const answers: Recall[] = [];
  for (const { event, call } of recalled) {
    const childId = childIdOf(event);
    if (!call) continue;
    if (call.result) answers.push({ ...call, scheduled: event });
    else if (call.activity) {
      takeOver(hub, instance, call.activity, event);
      call.activity.mark = markOf(instance.executionId, instance.past?.life ?? 0);
    } else if (childId !== undefined) instance.children.set(event.eventId, childId);
  }
  const timestamp = toTimestamp(instance.stamp(hub.clock.now()));
  for (const { scheduled, result } of answers.toSorted((a, b) => a.key - b.key))
    if (result) hub.deliver(instance, answerTo(scheduled.eventId, { ...result, timestamp }));
}

/** An activity that runs on becomes that of a call. */
export function takeOver(
  hub: Hub,
  instance: Instance,
  activity: Activity,
  { eventId, eventType }: HistoryEvent,
): void {
  if (eventType.case !== "taskScheduled") return;
  // What is recorded of its attempts bears its old id.
  if (activity.suspect && activity.taskId !== eventId) hub.quarantine.settle(activity.suspect);
  const key = hub.detached.remove(activity);
  if (key !== undefined) hub.journal.batch.undetached.push(key);
  activity.taskId = eventId;
  activity.event = eventType.value;
  activity.instance = instance;
  instance.activities.set(eventId, activity);
}

/** The same result for another event id. */
function answerTo(taskScheduledId: number, event: HistoryEvent): HistoryEvent {
  const { eventType } = event;
  switch (eventType.case) {
    case "taskCompleted":
      return {
        ...event,
        eventType: { ...eventType, value: { ...eventType.value, taskScheduledId } },
      };
    case "subOrchestrationInstanceCompleted":
      return {
        ...event,
        eventType: { ...eventType, value: { ...eventType.value, taskScheduledId } },
      };
    default:
      return event;
  }
}

/** Nothing of the execution can be asked for again. */
export function forgetPast(hub: Hub, instance: Instance): void {
  for (const key of instance.past?.keys ?? []) hub.journal.batch.unkept.push(key);
  instance.past = undefined;
  for (const activity of hub.detached.of(instance.id)) activity.isRecallable = false;
}

/** Keeps what came of a detached activity of a failed execution, in case that is rewound; or if it was meanwhile. */
export function keepResult(
  hub: Hub,
  activity: Activity,
  key: number,
  result: string | undefined,
): void {
  const { isRecallable, instanceId, executionId, taskId, event } = activity;
  if (!isRecallable) return;
  const timestamp = toTimestamp(hub.clock.now());
  const known = hub.instances.get(instanceId)?.past?.get(key);
  const scheduled =
    known?.scheduled ?? historyEvent(taskId, timestamp, { case: "taskScheduled", value: event });
  const answer = taskCompleted(timestamp, scheduled.eventId, result);
  const call = { key: hub.newDetachedKey(), executionId, scheduled, result: answer };
  hub.journal.batch.kept.push(call);
  // Whoever reads what is kept must read again.
  hub.lookups.overtake(instanceId);
  if (!known) return;
  replace(hub, hub.instances.get(instanceId), key, call);
}

/** A call of the past has come to its end: with a success, or with nothing that is worth keeping. */
export function settleCall(
  hub: Hub,
  instance: Instance,
  call: KeptCall,
  result: HistoryEvent | undefined,
): void {
  const settled = result && { ...call, key: hub.newDetachedKey(), result };
  if (settled) hub.journal.batch.kept.push(settled);
  replace(hub, instance, call.key, settled);
}

function replace(
  hub: Hub,
  instance: Instance | undefined,
  key: number,
  call: KeptCall | undefined,
): void {
  hub.journal.batch.unkept.push(key);
  instance?.past?.letGo(key);
  if (call) instance?.past?.keep(call);
}
