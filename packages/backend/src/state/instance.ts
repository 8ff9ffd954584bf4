import type {
  ExecutionCompletedEvent,
  ExecutionStartedEvent,
  HistoryEvent,
  OrchestrationStatus,
  OrchestrationTraceContext,
} from "@durabletask/protobuf";
import type { Place } from "../dispatch/linked-list.ts";
import type { InstanceRecord } from "../store/store.ts";
import type { Alarm } from "../time/alarms.ts";
import type { BackOffs } from "./back-offs.ts";
import type { HistorySize } from "./history-size.ts";
import type { OpenRow } from "./journal.ts";
import type { Past } from "./past.ts";
import { SmallMap } from "./small-map.ts";
import type { Start } from "./start.ts";
import type { Suspect } from "./suspect.ts";
import type { Activity, TurnLease } from "./work.ts";

/**
 * A live instance as the hub knows it: the record that is stored, and what follows from its log. What has ended stays
 * until its last commit, then leaves memory.
 *
 * Only commands change it; whoever changes a field of the record tells the journal.
 */
export class Instance {
  readonly key: number;
  readonly id: string;
  readonly createdAt: number;
  readonly startAt: number | undefined;
  /** What this execution started with. */
  start: Start;
  executionId: string;
  status: OrchestrationStatus;
  updatedAt: number;
  completedAt: number | undefined;
  customStatus: string | undefined;
  head = 0;
  tail = 0;
  /** The newest row, while it may still take events. */
  openRow: OpenRow | undefined;

  /** Events that no committed turn has taken, oldest first. */
  inbox: HistoryEvent[] = [];
  /** While suspended: how many events of the inbox still go to a turn; the others wait for the resume (rule 12). */
  heldFrom: number | undefined;
  /** The latest instant that any event of this instance bears: instants never decrease (rule 19). */
  latest = 0;
  /** Whether a turn of the instance (of any generation) was committed. */
  hasRun = false;

  /** Open tasks of this execution by event id. */
  readonly activities: SmallMap<number, Activity> = new SmallMap();
  readonly timers: SmallMap<number, Alarm> = new SmallMap();
  readonly children: SmallMap<number, string> = new SmallMap();

  /** The turn that a worker is at. */
  turn: TurnLease | undefined;
  /** Those that it was taken back from since one was committed: the first to complete it counts. */
  lateTurns: readonly TurnLease[] | undefined;
  /** How often in a row its worker went away as soon as it had the turn. */
  quickReturns = 0;
  /** Whether its turn is ready; also while its history is read for it. */
  isQueued = false;
  loading: object | undefined;
  /** Where it stands, or stood, in a ready queue. */
  place: Place<Instance> | undefined;
  /** Since when its turn waits for a worker, and whether a warning has named it. */
  readySince = 0;
  isNamed = false;
  /** While there is to be no turn: takes away what ends that, such as the instant of a scheduled start. */
  pause: (() => void) | undefined;
  /** No turn before this batch is on disk: brakes an orchestration that continues as new in a loop. */
  turnAfterBatch = 0;
  /** Who abandoned its turn since one was committed. */
  backOffs: BackOffs | undefined;
  /** Set while its turn may be what killed the process. */
  suspect: Suspect | undefined;
  /** Who ran the last turn, and its completion token: the worker may still have its session. */
  session: Pick<TurnLease, "stream" | "token"> | undefined;
  /** What the last turn said of its span. */
  traceContext: OrchestrationTraceContext | undefined;

  /** All events that committed turns have recorded, if they are in memory. See `Histories`. */
  history: HistoryEvent[] | undefined;
  /** Once it was handed out. */
  historySize: HistorySize | undefined;
  /** Where it stands among those that have it. */
  recency: Place<Instance> | undefined;
  /** Once it was rewound: what it did before. */
  past: Past | undefined;
  /** The batch that holds the newest change. */
  batch = 0;

  constructor(key: number, id: string, start: Start, record: NewRecord) {
    this.key = key;
    this.id = id;
    this.start = start;
    this.executionId = record.executionId;
    this.status = record.status;
    this.createdAt = record.createdAt;
    this.updatedAt = record.updatedAt;
    this.startAt = record.startAt;
  }

  get hasEnded(): boolean {
    return this.completedAt !== undefined;
  }

  /** How many events of the inbox a turn may take now. */
  get deliverable(): number {
    return this.heldFrom ?? this.inbox.length;
  }

  /** The instant to write on an event that comes about now. */
  stamp(now: number): number {
    if (now > this.latest) this.latest = now;
    return this.latest;
  }

  toRecord(): InstanceRecord {
    const { start } = this;
    return {
      key: this.key,
      id: this.id,
      executionId: this.executionId,
      name: start.name,
      version: start.version,
      status: this.status,
      createdAt: this.createdAt,
      updatedAt: this.updatedAt,
      completedAt: this.completedAt,
      startAt: this.startAt,
      parentId: start.parentInstance?.orchestrationInstance?.instanceId,
      tags: start.tags,
      customStatus: this.customStatus,
      traceContext: this.traceContext,
      hasRun: this.hasRun,
      head: this.head,
      tail: this.tail,
    };
  }
}

/** An instance that has ended, and how. */
export interface EndedInstance {
  readonly instance: Instance;
  /** How it started, if that was in memory. */
  readonly started: ExecutionStartedEvent | undefined;
  readonly completed: ExecutionCompletedEvent;
}

export function endedInstance(
  instance: Instance,
  completed: ExecutionCompletedEvent,
): EndedInstance {
  return { instance, started: startedOf(instance), completed };
}

function startedOf({ history }: Instance): ExecutionStartedEvent | undefined {
  for (const { eventType } of history ?? []) {
    if (eventType.case === "executionStarted") return eventType.value;
  }
  return undefined;
}

type NewRecord = Pick<
  InstanceRecord,
  "executionId" | "status" | "createdAt" | "updatedAt" | "startAt"
>;
