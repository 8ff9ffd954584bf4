import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type {
  ExecutionStartedEvent,
  HistoryEvent,
  TaskScheduledEvent,
} from "@durabletask/protobuf";
import type { LogRow } from "../store/store.ts";
import { toMs } from "../time/timestamp.ts";
import { retimed } from "./history-events.ts";

/** What follows from the log of one execution. */
export interface ReplayedLog {
  readonly started: ExecutionStartedEvent | undefined;
  readonly history: HistoryEvent[];
  /** Events that no turn has taken. */
  readonly inbox: readonly HistoryEvent[];
  /** Open tasks by event id. */
  readonly activities: ReadonlyMap<number, OpenActivity>;
  readonly timers: ReadonlyMap<number, Timestamp>;
  readonly children: ReadonlyMap<number, string>;
  readonly latest: number;
  /** How often the execution was rewound. */
  readonly life: number;
}

/** An activity that no result has come for, and how often the execution had been rewound when it was asked for. */
export interface OpenActivity {
  readonly event: TaskScheduledEvent;
  readonly life: number;
}

/**
 * Rebuilds history, inbox and open tasks from a chain, oldest row first. Events take the instant of the turn that
 * consumed them, so that instants never decrease (rule 19).
 */
export function replayLog(rows: readonly LogRow[]): ReplayedLog {
  const replay = new LogReplay();
  for (const { arrived, consumed, events } of rows) {
    replay.message(events.slice(0, arrived));
    if (consumed !== undefined) replay.turn(consumed, events.slice(arrived));
  }
  return replay;
}

class LogReplay implements ReplayedLog {
  started: ExecutionStartedEvent | undefined;
  readonly history: HistoryEvent[] = [];
  readonly activities = new Map<number, OpenActivity>();
  readonly timers = new Map<number, Timestamp>();
  readonly children = new Map<number, string>();
  latest = 0;
  life = 0;
  readonly #queue: HistoryEvent[] = [];
  #taken = 0;

  get inbox(): readonly HistoryEvent[] {
    return this.#queue.slice(this.#taken);
  }

  message(events: readonly HistoryEvent[]): void {
    for (const event of events) {
      this.#note(event);
      this.#queue.push(event);
    }
  }

  turn(consumed: number, events: readonly HistoryEvent[]): void {
    const [started, ...recorded] = events;
    if (!started?.timestamp) return;
    this.#note(started);
    this.history.push(started);
    for (const end = this.#taken + consumed; this.#taken < end; this.#taken++) {
      const event = this.#queue[this.#taken];
      if (event) this.history.push(retimed(event, started.timestamp));
    }
    for (const event of recorded) {
      this.#note(event);
      this.history.push(event);
    }
  }

  #note({ eventId, timestamp, eventType }: HistoryEvent): void {
    if (timestamp) this.latest = Math.max(this.latest, toMs(timestamp));
    switch (eventType.case) {
      case "executionStarted":
        this.started ??= eventType.value;
        return;
      case "executionRewound":
        this.life++;
        return;
      case "taskScheduled":
        this.activities.set(eventId, { event: eventType.value, life: this.life });
        return;
      case "taskCompleted":
      case "taskFailed":
        this.activities.delete(eventType.value.taskScheduledId);
        return;
      case "timerCreated":
        if (eventType.value.fireAt) this.timers.set(eventId, eventType.value.fireAt);
        return;
      case "timerFired":
        this.timers.delete(eventType.value.timerId);
        return;
      case "subOrchestrationInstanceCreated":
        this.children.set(eventId, eventType.value.instanceId);
        return;
      case "subOrchestrationInstanceCompleted":
      case "subOrchestrationInstanceFailed":
        this.children.delete(eventType.value.taskScheduledId);
        return;
      default:
        return;
    }
  }
}
