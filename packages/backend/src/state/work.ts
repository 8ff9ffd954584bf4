import type { ActivityRequest, HistoryEvent, TaskScheduledEvent } from "@durabletask/protobuf";
import type { Place } from "../dispatch/linked-list.ts";
import type { WorkStream } from "../dispatch/work-stream.ts";
import type { BackOffs } from "./back-offs.ts";
import type { Instance } from "./instance.ts";
import type { ResponseChunks } from "./response-chunks.ts";
import type { Suspect } from "./suspect.ts";

/** A turn that a worker is at. It counts while it is the `turn` of its instance; afterwards only its credit does. */
export interface TurnLease {
  readonly kind: "turn";
  readonly token: string;
  readonly stream: WorkStream;
  readonly since: number;
  /** The lease table's. */
  place: number;
  readonly instance: Instance;
  /** The OrchestratorStarted that heads the turn. */
  readonly started: HistoryEvent;
  /** What the worker got: `started`, and the events that the turn takes from the inbox. */
  readonly newEvents: HistoryEvent[];
  /** How many events the turn takes from the inbox. */
  readonly consumed: number;
  /** Whether the worker got the whole history. */
  readonly isComplete: boolean;
  /** What has come of an answer that the worker sends in parts. */
  chunks: ResponseChunks | undefined;
}

/** An activity that a worker is at. */
export interface ActivityLease {
  /** As the worker was told: a rewind may give the activity another id meanwhile. */
  readonly taskId: number;
  readonly kind: "activity";
  readonly token: string;
  readonly stream: WorkStream;
  readonly since: number;
  /** The lease table's. */
  place: number;
  readonly activity: Activity;
}

export type Lease = TurnLease | ActivityLease;

/**
 * An activity from its scheduling to its result: `held` until the turn that scheduled it is on disk (or while it backs
 * off), then `ready` in a queue, `leased` to a worker, and `over` once a result came or nobody wants one any more.
 */
export interface Activity {
  taskId: number;
  event: TaskScheduledEvent;
  readonly instanceId: string;
  readonly executionId: string;
  /** What its tokens end in: the execution, and how often that was rewound before. Event ids are used again by a rewind. */
  mark: string;
  /** The orchestration that waits for it; none for a detached activity. */
  instance: Instance | undefined;
  /** Key of the stored row of a detached activity. */
  detachedKey: number | undefined;
  /** Of a detached activity: whether a rewind may still ask what came of it. */
  isRecallable: boolean;
  state: "held" | "ready" | "leased" | "over";
  /** The newest lease; it may have been given back since. */
  lease: ActivityLease | undefined;
  /** Whether a worker may be at it, or may have been, on this opening of the hub or an earlier one. */
  mayBeOut: boolean;
  /** How often in a row its worker went away as soon as it had it. */
  quickReturns: number;
  /** Where it stands, or stood, in a ready queue. */
  place: Place<Activity> | undefined;
  /** Who abandoned it. */
  backOffs: BackOffs | undefined;
  /** Since when it waits for a worker, and whether a warning has named it. */
  readySince: number;
  isNamed: boolean;
  /** Set while it may be what killed the process. */
  suspect: Suspect | undefined;
}

/** An activity that nobody may take yet. */
export function createActivity(
  facts: Pick<Activity, "taskId" | "event" | "instanceId" | "executionId" | "instance">,
  life: number,
): Activity {
  return {
    ...facts,
    mark: markOf(facts.executionId, life),
    detachedKey: undefined,
    isRecallable: false,
    state: "held",
    lease: undefined,
    mayBeOut: false,
    quickReturns: 0,
    place: undefined,
    backOffs: undefined,
    readySince: 0,
    isNamed: false,
    suspect: undefined,
  };
}

export function markOf(executionId: string, life: number): string {
  return life === 0 ? executionId : `${executionId}~${life}`;
}

/** What a worker is asked to do. */
export function activityRequest(activity: Activity): ActivityRequest {
  const { event, instanceId, executionId, taskId } = activity;
  return {
    $typeName: "ActivityRequest",
    name: event.name,
    version: event.version,
    input: event.input,
    orchestrationInstance: { $typeName: "OrchestrationInstance", instanceId, executionId },
    taskId,
    parentTraceContext: event.parentTraceContext,
    tags: event.tags,
  };
}
