import type { Value } from "@bufbuild/protobuf/wkt";
import type { HistoryEvent, OrchestratorRequest, WorkItem } from "@durabletask/protobuf";
import type { WorkStream } from "../dispatch/work-stream.ts";
import { toTimestamp } from "../time/timestamp.ts";
import { orchestratorStarted, retimed } from "./history-events.ts";
import { HistorySize } from "./history-size.ts";
import type { Instance } from "./instance.ts";
import type { Activity, ActivityLease, Lease, TurnLease } from "./work.ts";
import { activityRequest } from "./work.ts";

/** What leasing needs of the hub. */
interface Lessor {
  readonly clock: { now(): number };
  readonly leases: { newToken(): string; add(lease: Lease): void };
}

/** How long a worker is asked to keep a session that has nothing to do. */
const sessionIdleSeconds = 60;

const yes: Value = value({ case: "boolValue", value: true });
const no: Value = value({ case: "boolValue", value: false });
const idleTimeout: Value = value({ case: "numberValue", value: sessionIdleSeconds });

/** Whether this worker must be sent the whole history and it is not in memory. */
export function needsHistory(instance: Instance, stream: WorkStream): boolean {
  return !instance.history && !hasSession(instance, stream);
}

/** Leases the turn that everything deliverable in the inbox makes: events that come together share a turn. */
export function leaseTurn(hub: Lessor, instance: Instance, stream: WorkStream): WorkItem {
  const since = hub.clock.now();
  const timestamp = toTimestamp(instance.stamp(since));
  const started = orchestratorStarted(timestamp);
  const consumed = instance.deliverable;
  // Not by map(), whose arrays are of another kind once it is compiled: all code that reads them would be compiled again.
  const newEvents = [started];
  for (const event of instance.inbox.slice(0, consumed)) newEvents.push(retimed(event, timestamp));
  const isComplete = !hasSession(instance, stream);
  const lease: TurnLease = {
    kind: "turn",
    token: hub.leases.newToken(),
    stream,
    since,
    place: -1,
    instance,
    started,
    newEvents,
    consumed,
    isComplete,
    chunks: undefined,
  };
  const request = orchestratorRequest(lease);
  instance.turn = lease;
  hub.leases.add(lease);
  stream.charge(lease);
  return workItem({ case: "orchestratorRequest", value: request }, lease.token);
}

export function leaseActivity(hub: Lessor, activity: Activity, stream: WorkStream): WorkItem {
  // What it names lets a result find its task when the lease is gone (rule 17).
  const token = `${hub.leases.newToken()}${tokenEnd(activity)}`;
  const since = hub.clock.now();
  const { taskId } = activity;
  const lease: ActivityLease = {
    kind: "activity",
    token,
    stream,
    since,
    place: -1,
    activity,
    taskId,
  };
  activity.state = "leased";
  activity.mayBeOut = true;
  activity.lease = lease;
  hub.leases.add(lease);
  stream.charge(lease);
  return workItem({ case: "activityRequest", value: activityRequest(activity) }, token);
}

/** What the tokens of an activity end with, over all openings of the hub. */
export function tokenEnd({ taskId, mark }: Activity): string {
  return `.${taskId}.${mark}`;
}

function orchestratorRequest(lease: TurnLease): OrchestratorRequest {
  const { instance, newEvents, isComplete, stream } = lease;
  const history = instance.history ?? [];
  const isStreamed = isComplete && stream.readsHistory && isLarge(instance, history);
  return {
    $typeName: "OrchestratorRequest",
    instanceId: instance.id,
    executionId: instance.executionId,
    // A copy: the history grows, the message must not.
    pastEvents: isComplete && !isStreamed ? history.slice() : [],
    newEvents,
    requiresHistoryStreaming: isStreamed,
    properties: stream.hasSessions ? sessionProperties(instance, isComplete) : {},
    orchestrationTraceContext: instance.traceContext,
  };
}

function isLarge(instance: Instance, history: readonly HistoryEvent[]): boolean {
  instance.historySize ??= new HistorySize();
  return instance.historySize.isLarge(history);
}

function hasSession(instance: Instance, stream: WorkStream): boolean {
  return stream.hasSessions && instance.session?.stream === stream;
}

function sessionProperties(instance: Instance, isComplete: boolean): Record<string, Value> {
  const properties: Record<string, Value> = {
    IsExtendedSession: yes,
    IncludeState: isComplete ? yes : no,
    ExtendedSessionIdleTimeoutInSeconds: idleTimeout,
  };
  const mark = instance.session?.token;
  if (!isComplete && mark !== undefined) {
    properties["HistoryMark"] = value({ case: "stringValue", value: mark });
  }
  return properties;
}

function value(kind: Value["kind"]): Value {
  return { $typeName: "google.protobuf.Value", kind };
}

function workItem(request: WorkItem["request"], completionToken: string): WorkItem {
  return { $typeName: "WorkItem", request, completionToken };
}
