import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { HistoryEvent as WireEvent, TaskScheduledEvent } from "@durabletask/protobuf";
import { timestampToMs } from "../engine/timestamp.ts";
import type { OrchestrationState } from "./orchestration-state.ts";
import type { OrchestrationStatus } from "./status.ts";

/** Something that an orchestration has asked for and that has not ended. */
interface Open {
  /** Event id of the call. */
  readonly id: number;
  readonly since: Date;
}

/** An activity that has not ended. */
export interface OpenActivity extends Open {
  readonly name: string;
  readonly version: string | undefined;
  /** Whether a worker is connected that could take it; `"unknown"` where the hub does not tell. */
  readonly hasWorker: boolean | "unknown";
}

/** A timer that has not fired. */
export interface OpenTimer extends Open {
  readonly fireAt: Date;
}

/** A child orchestration that has not ended. */
export interface OpenChild extends Open {
  readonly name: string;
  readonly instanceId: string;
}

/** A lock on an entity that is asked for, or held. */
export interface OpenLock {
  readonly criticalSectionId: string;
  readonly entities: readonly string[];
  readonly isHeld: boolean;
  readonly since: Date;
}

/**
 * What an orchestration waits for: the answer to "why is it stuck?". What cannot be known is `"unknown"`, not missing.
 */
export interface Explanation {
  readonly instanceId: string;
  readonly name: string;
  readonly status: OrchestrationStatus;
  /** When something last happened in its history. */
  readonly lastEventAt: Date | undefined;
  readonly activities: readonly OpenActivity[];
  /** Timers of the code, of its waits with a time limit, and of retries. */
  readonly timers: readonly OpenTimer[];
  readonly children: readonly OpenChild[];
  readonly locks: readonly OpenLock[];
  /** Names of the external events that are awaited; known only if the orchestrator was given, which is replayed for it. */
  readonly events: readonly string[] | "unknown";
  /** Whether a worker is connected that could run its next turn; `"unknown"` where the hub does not tell. */
  readonly hasWorker: boolean | "unknown";
  /** The same in one sentence for people. */
  readonly summary: string;
}

/** Tells whether a connected worker would take some work: embedded hubs do. */
export interface WorkerDirectory {
  hasWorkerFor(work: {
    readonly kind: "orchestration" | "activity";
    readonly name: string;
    readonly version: string | undefined;
  }): boolean;
}

/** Explains an orchestration by its state and history. */
export function explainState(
  state: OrchestrationState,
  history: readonly WireEvent[],
  events: readonly string[] | "unknown",
  workers: WorkerDirectory | undefined,
): Explanation {
  const { instanceId, name, version, status } = state;
  const open = openCalls(history, workers);
  const last = history.at(-1);
  const hasWorker = workers?.hasWorkerFor({ kind: "orchestration", name, version }) ?? "unknown";
  const known: Omit<Explanation, "summary"> = {
    instanceId,
    name,
    status,
    lastEventAt: last && instantOf(last),
    ...(state.hasEnded ? nothing : open),
    events: state.hasEnded ? [] : events,
    hasWorker,
  };
  return { ...known, summary: summaryOf(known, state.hasEnded) };
}

const nothing = { activities: [], timers: [], children: [], locks: [] };

type OpenCalls = Pick<Explanation, "activities" | "timers" | "children" | "locks">;

function openCalls(history: readonly WireEvent[], workers: WorkerDirectory | undefined): OpenCalls {
  const open = new OpenCallsSoFar(workers);
  for (const event of history) open.follow(event);
  return {
    activities: [...open.activities.values()],
    timers: [...open.timers.values()],
    children: [...open.children.values()],
    locks: [...open.locks.values()],
  };
}

/** What is open after each event of a history. */
class OpenCallsSoFar {
  readonly activities = new Map<number, OpenActivity>();
  readonly timers = new Map<number, OpenTimer>();
  readonly children = new Map<number, OpenChild>();
  readonly locks = new Map<string, OpenLock>();
  readonly #workers: WorkerDirectory | undefined;

  constructor(workers: WorkerDirectory | undefined) {
    this.#workers = workers;
  }

  follow(event: WireEvent): void {
    const { eventId: id, eventType } = event;
    const since = instantOf(event);
    switch (eventType.case) {
      case "taskScheduled":
        this.activities.set(id, this.#activity(id, since, eventType.value));
        return;
      case "taskCompleted":
      case "taskFailed":
        this.activities.delete(eventType.value.taskScheduledId);
        return;
      case "timerCreated": {
        const { fireAt } = eventType.value;
        this.timers.set(id, { id, since, fireAt: fireAt ? instant(fireAt) : since });
        return;
      }
      case "timerFired":
        this.timers.delete(eventType.value.timerId);
        return;
      case "subOrchestrationInstanceCreated": {
        const { name, instanceId } = eventType.value;
        this.children.set(id, { id, since, name, instanceId });
        return;
      }
      case "subOrchestrationInstanceCompleted":
      case "subOrchestrationInstanceFailed":
        this.children.delete(eventType.value.taskScheduledId);
        return;
      default:
        followLock(this.locks, eventType, since);
    }
  }

  #activity(id: number, since: Date, { name, version }: TaskScheduledEvent): OpenActivity {
    const hasWorker = this.#workers?.hasWorkerFor({ kind: "activity", name, version }) ?? "unknown";
    return { id, name, version, since, hasWorker };
  }
}

function followLock(
  locks: Map<string, OpenLock>,
  eventType: WireEvent["eventType"],
  since: Date,
): void {
  if (eventType.case === "entityLockRequested") {
    const { criticalSectionId, lockSet } = eventType.value;
    locks.set(criticalSectionId, { criticalSectionId, entities: lockSet, isHeld: false, since });
  } else if (eventType.case === "entityLockGranted") {
    const lock = locks.get(eventType.value.criticalSectionId);
    if (lock !== undefined) locks.set(lock.criticalSectionId, { ...lock, isHeld: true, since });
  } else if (eventType.case === "entityUnlockSent") {
    locks.delete(eventType.value.criticalSectionId);
  }
}

function summaryOf(known: Omit<Explanation, "summary">, hasEnded: boolean): string {
  const { status, activities, timers, children, events, hasWorker } = known;
  if (hasEnded) return `it is ${status}`;
  const parts = [
    ...activities.map(({ name, id, hasWorker: has }) => {
      return `activity '${name}' (#${id})${has === false ? ", which no connected worker can take" : ""}`;
    }),
    ...children.map(({ name, instanceId }) => `child '${name}' (${instanceId})`),
    ...(events === "unknown" ? [] : events.map((name) => `event '${name}'`)),
    ...timers.map(({ fireAt }) => `a timer until ${fireAt.toISOString()}`),
  ];
  const waits =
    parts.length === 0
      ? "it waits for nothing that is recorded"
      : `it waits for ${parts.join(", ")}`;
  const noWorker = hasWorker === false ? "; no connected worker can run its next turn" : "";
  return `it is ${status}; ${waits}${noWorker}`;
}

function instantOf({ timestamp }: WireEvent): Date {
  return timestamp === undefined ? new Date(0) : instant(timestamp);
}

function instant(timestamp: Timestamp): Date {
  return new Date(timestampToMs(timestamp));
}
