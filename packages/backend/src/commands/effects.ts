import type {
  HistoryEvent,
  OrchestratorAction,
  ParentInstanceInfo,
  SubOrchestrationInstanceCreatedEvent,
  TaskScheduledEvent,
} from "@durabletask/protobuf";
import { childFailed, eventRaised, failure, timerFired } from "../state/history-events.ts";
import type { Hub } from "../state/hub.ts";
import type { Instance } from "../state/instance.ts";
import { type Activity, activityRequest, createActivity } from "../state/work.ts";
import { toMs, toTimestamp } from "../time/timestamp.ts";
import { createInstance } from "./creation.ts";
import { terminate } from "./ending.ts";

/**
 * The execution that a turn belongs to. Of one that is over with the turn only what it sent still goes out: its
 * activities run detached, its timers are void.
 */
export interface Origin {
  readonly instance: Instance;
  readonly executionId: string;
  readonly start: Instance["start"];
  readonly isOver: boolean;
  /** Whether a rewind may ask for what came of its detached activities. */
  readonly isRecallable: boolean;
}

/** Carries out what a recorded event asks for. */
export function carryOut(hub: Hub, origin: Origin, event: HistoryEvent): void {
  const { eventId, eventType } = event;
  switch (eventType.case) {
    case "taskScheduled":
      return scheduleActivity(hub, origin, eventId, eventType.value);
    case "timerCreated":
      if (eventType.value.fireAt) startTimer(hub, origin, eventId, eventType.value.fireAt);
      return;
    case "subOrchestrationInstanceCreated":
      return startChild(hub, origin, eventId, eventType.value);
    case "eventSent":
      return sendEvent(hub, origin, eventType.value);
    default:
      return;
  }
}

/** Ends another instance on behalf of an orchestration. */
export function carryOutTermination(hub: Hub, action: OrchestratorAction): void {
  const { case: kind, value } = action.orchestratorActionType;
  if (kind !== "terminateOrchestration") return;
  const target = hub.instances.get(value.instanceId);
  if (target && !target.hasEnded) return terminate(hub, target, value.reason, value.recurse);
  hub.logger.warn?.(
    { event: "hub.termination-dropped", instanceId: value.instanceId },
    "an orchestration terminated an instance that does not exist or has ended",
  );
}

function scheduleActivity(
  hub: Hub,
  origin: Origin,
  taskId: number,
  event: TaskScheduledEvent,
): void {
  const { instance, executionId, isOver } = origin;
  const { id: instanceId, past } = instance;
  const facts = { taskId, event, instanceId, executionId, instance };
  const activity = createActivity(facts, past?.life ?? 0);
  // Activities leave the hub, so they wait for the commit of what scheduled them.
  hub.journal.batch.released.push(activity);
  if (isOver) detach(hub, activity, origin.isRecallable);
  else instance.activities.set(taskId, activity);
}

/** Lets the instance's open activities run although nobody waits for them any more. */
export function detachActivities(hub: Hub, instance: Instance, isRecallable: boolean): void {
  if (instance.activities.size === 0) return;
  for (const activity of instance.activities.values()) detach(hub, activity, isRecallable);
  instance.activities.clear();
}

function detach(hub: Hub, activity: Activity, isRecallable: boolean): void {
  const key = hub.newDetachedKey();
  activity.instance = undefined;
  activity.isRecallable = isRecallable;
  hub.detached.add(key, activity);
  hub.journal.batch.detached.push({ key, request: activityRequest(activity) });
}

type FireAt = Parameters<typeof toMs>[0];

function startTimer(hub: Hub, origin: Origin, timerId: number, fireAt: FireAt): void {
  if (!origin.isOver) armTimer(hub, origin.instance, timerId, fireAt);
}

/** Wakes the instance at the instant, not earlier (rule 19). */
export function armTimer(hub: Hub, instance: Instance, timerId: number, fireAt: FireAt): void {
  const alarm = hub.alarms.add(toMs(fireAt), () => {
    hub.journal.begin();
    instance.timers.delete(timerId);
    const timestamp = toTimestamp(instance.stamp(hub.clock.now()));
    hub.deliver(instance, timerFired(timestamp, timerId, fireAt));
  });
  instance.timers.set(timerId, alarm);
}

function startChild(
  hub: Hub,
  origin: Origin,
  taskId: number,
  event: SubOrchestrationInstanceCreatedEvent,
): void {
  const { instance, isOver } = origin;
  const id = event.instanceId;
  const holder = hub.instances.get(id);
  // An instance cannot be replaced from within its own last turn.
  const isHeld = holder !== undefined && (holder === instance || !holder.hasEnded);
  const refusal = childRefusal(id, isHeld);
  if (refusal) {
    const fields = { event: "hub.child-refused", instanceId: instance.id, childId: id };
    if (isOver) hub.logger.warn?.(fields, refusal.errorMessage);
    else hub.deliver(instance, childFailed(toTimestamp(instance.latest), taskId, refusal));
    return;
  }
  if (!isOver) instance.children.set(taskId, id);
  createInstance(hub, {
    id,
    executionId: hub.newId(),
    name: event.name,
    version: event.version,
    input: event.input,
    tags: event.tags,
    startAt: undefined,
    traceContext: event.parentTraceContext,
    parent: parentInfo(origin, taskId),
  });
}

function parentInfo(
  { instance, executionId, start }: Origin,
  taskScheduledId: number,
): ParentInstanceInfo {
  return {
    $typeName: "ParentInstanceInfo",
    taskScheduledId,
    name: start.name,
    version: start.version,
    orchestrationInstance: {
      $typeName: "OrchestrationInstance",
      instanceId: instance.id,
      executionId,
    },
  };
}

/** A child that cannot be started fails the call in the parent, never the parent's checkpoint (rule 3). */
function childRefusal(id: string, isActive: boolean): ReturnType<typeof failure> | undefined {
  if (isActive) {
    return failure("InstanceAlreadyExists", `An instance with the id "${id}" is active already.`);
  }
  if (!id.isWellFormed()) {
    return failure("InvalidInstanceId", "The instance id is not well-formed Unicode.");
  }
  if (id.startsWith("@")) {
    return failure("InvalidInstanceId", `"${id}" is the id of an entity, not of an orchestration.`);
  }
  return undefined;
}

function sendEvent(
  hub: Hub,
  { instance }: Origin,
  event: {
    readonly instanceId: string;
    readonly name: string;
    readonly input?: string | undefined;
  },
): void {
  const target = hub.instances.get(event.instanceId);
  if (!target || target.hasEnded) {
    hub.logger.warn?.(
      {
        event: "hub.event-dropped",
        instanceId: instance.id,
        targetId: event.instanceId,
        eventName: event.name,
      },
      "an orchestration sent an event to an instance that does not exist or has ended; it was dropped",
    );
    return;
  }
  const timestamp = toTimestamp(target.stamp(hub.clock.now()));
  hub.deliver(target, eventRaised(timestamp, event.name, event.input));
}
