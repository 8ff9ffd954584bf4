import type { RewoundHistory } from "@durabletask/core/spi";
import { isSuspendedAfter } from "@durabletask/core/spi";
import type { HistoryEvent, TaskScheduledEvent } from "@durabletask/protobuf";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { executionResumed, historyEvent } from "../state/history-events.ts";
import type { Hub } from "../state/hub.ts";
import { Instance } from "../state/instance.ts";
import type { ReplayedLog } from "../state/log-replay.ts";
import { replayLog } from "../state/log-replay.ts";
import type { Past } from "../state/past.ts";
import { likeness } from "../state/past.ts";
import { startOf } from "../state/start.ts";
import type { Activity } from "../state/work.ts";
import type { InstanceRecord, KeptCall, LogRow } from "../store/store.ts";
import { toTimestamp } from "../time/timestamp.ts";
import { endActivity } from "./ending.ts";
import { pastOf, takeOver } from "./recalling.ts";
import { reopenTasks } from "./reopening.ts";

/** An instance that is to be rewound, as the store has it, and the history it will have. */
export interface RewindTarget {
  readonly record: InstanceRecord;
  readonly history: RewoundHistory;
  /** What is kept from earlier rewinds and was not asked for again. */
  readonly kept: readonly KeptCall[];
  /** What was kept of activities that ended after the failure; the new history or its past has it. */
  readonly late: readonly KeptCall[];
}

/**
 * Brings a failed instance back to life with a rewritten history: same key, same execution, a chain of its own that replaces
 * the old one in the same commit. What was open when it failed is open again; what still runs, runs on.
 */
export function rewindInstance(
  hub: Hub,
  target: RewindTarget,
  reason: string | undefined,
): Instance | undefined {
  const { record, history } = target;
  const { journal } = hub;
  const batch = journal.begin();
  const log = replayLog([...history.turns.map(asRow), asMessage(history.inbox)]);
  if (!log.started) return undefined;
  const instance = new Instance(record.key, record.id, startOf(log.started), {
    ...record,
    status: OrchestrationStatus.RUNNING,
    updatedAt: hub.clock.now(),
  });
  instance.customStatus = record.customStatus;
  instance.traceContext = record.traceContext;
  instance.latest = Math.max(log.latest, record.updatedAt);
  instance.hasRun = true;
  batch.removedChains.push(record.tail);
  const inbox = [...history.inbox, ...awakening(hub, instance, history, reason)];
  appendLog(hub, instance, history, inbox);
  hub.register(instance);
  hub.histories.put(instance, log.history);
  remember(hub, instance, target, log);
  reopenTasks(hub, instance, log, "after the commit");
  hub.lookups.overtake(instance.id);
  hub.rewinds++;
  hub.considerTurn(instance);
  return instance;
}

function appendLog(
  { journal }: Hub,
  instance: Instance,
  { turns }: RewoundHistory,
  inbox: readonly HistoryEvent[],
): void {
  for (const { delivered, started, recorded } of turns) {
    if (instance.head === 0) journal.appendHead(instance, delivered);
    else journal.appendMessage(instance, delivered);
    journal.appendTurn(instance, delivered.length, started, recorded);
  }
  for (const event of inbox) instance.inbox.push(event);
  if (instance.head === 0) journal.appendHead(instance, inbox);
  else journal.appendMessage(instance, inbox);
}

/** Fills the past of the instance, and decides what becomes of what still runs of it. */
function remember(hub: Hub, instance: Instance, target: RewindTarget, log: ReplayedLog): void {
  const { batch } = hub.journal;
  const { executionId } = instance;
  const past = pastOf(instance, log.life + 1, log.history);
  instance.past = past;
  for (const { key } of target.late) batch.unkept.push(key);
  for (const call of target.kept) past.keep(call);
  const running = runningOf(hub, instance, past);
  for (const { scheduled, result } of target.history.past) {
    const activity = result ? undefined : running.take(scheduled);
    const key = activity?.detachedKey ?? hub.newDetachedKey();
    const call = { key, executionId, scheduled, result };
    batch.kept.push(call);
    past.keep(call);
    if (activity) past.attach(key, activity);
  }
  for (const [taskId, { event }] of log.activities) {
    const scheduled = scheduledEvent(instance, taskId, event);
    const activity = running.take(scheduled);
    if (activity) takeOver(hub, instance, activity, scheduled);
  }
  // The others were begun because of what is taken back.
  for (const activity of running.rest) endActivity(hub, activity);
}

/** Activities of the execution that run on, but for those that an earlier rewind has found already. */
function runningOf(hub: Hub, { id, executionId }: Instance, past: Past) {
  const running = new Map<number, Activity>();
  for (const activity of hub.detached.of(id)) {
    const { detachedKey: key, taskId } = activity;
    if (activity.executionId !== executionId || key === undefined) continue;
    if (!past.attach(key, activity)) running.set(taskId, activity);
  }
  return {
    rest: running.values(),
    take(scheduled: HistoryEvent): Activity | undefined {
      const activity = running.get(scheduled.eventId);
      if (!activity || !isFor(activity, scheduled)) return undefined;
      running.delete(scheduled.eventId);
      return activity;
    },
  };
}

function isFor({ event, taskId }: Activity, scheduled: HistoryEvent): boolean {
  const { timestamp } = scheduled;
  const own = historyEvent(taskId, timestamp, { case: "taskScheduled", value: event });
  return likeness(own) === likeness(scheduled);
}

function scheduledEvent(
  instance: Instance,
  taskId: number,
  value: TaskScheduledEvent,
): HistoryEvent {
  return historyEvent(taskId, toTimestamp(instance.latest), { case: "taskScheduled", value });
}

/** What wakes the code: it goes on if it was suspended, since nobody would think of resuming it. */
function awakening(
  hub: Hub,
  instance: Instance,
  { turns, inbox }: RewoundHistory,
  reason: string | undefined,
): HistoryEvent[] {
  const timestamp = toTimestamp(instance.stamp(hub.clock.now()));
  const rewound = historyEvent(-1, timestamp, {
    case: "executionRewound",
    value: {
      $typeName: "ExecutionRewoundEvent",
      reason,
      instanceId: instance.id,
      name: instance.start.name,
      version: instance.start.version,
      tags: {},
    },
  });
  const came = [...turns.flatMap(({ delivered }) => delivered), ...inbox];
  return isSuspendedAfter(came) ? [executionResumed(timestamp, reason), rewound] : [rewound];
}

function asRow({ started, delivered, recorded }: RewoundHistory["turns"][number]): LogRow {
  const events = [...delivered, started, ...recorded];
  const { length } = delivered;
  return { row: 0, key: 0, prev: 0, arrived: length, consumed: length, events };
}

function asMessage(events: readonly HistoryEvent[]): LogRow {
  return { row: 0, key: 0, prev: 0, arrived: events.length, consumed: undefined, events };
}
