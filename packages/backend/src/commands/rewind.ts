import type { HistoryEvent } from "@durabletask/protobuf";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { historyEvent } from "../state/history-events.ts";
import type { Hub } from "../state/hub.ts";
import { Instance } from "../state/instance.ts";
import { replayLog } from "../state/log-replay.ts";
import type { InstanceRecord, LogRow } from "../store/store.ts";
import { toTimestamp } from "../time/timestamp.ts";
import { dropDetached } from "./ending.ts";
import { reopenTasks } from "./reopening.ts";
import type { RewoundHistory } from "./rewound-history.ts";

/** An instance that is to be rewound, as the store has it, and the history it will have. */
export interface RewindTarget {
  readonly record: InstanceRecord;
  readonly history: RewoundHistory;
}

/**
 * Brings a failed instance back to life with a rewritten history: same key, same execution, a chain of its own that replaces
 * the old one in the same commit. What was open when it failed is open again.
 */
export function rewindInstance(
  hub: Hub,
  { record, history }: RewindTarget,
  reason: string | undefined,
): Instance | undefined {
  const { journal } = hub;
  const batch = journal.begin();
  const rows = history.turns.map(asRow);
  const log = replayLog([...rows, asMessage(history.inbox)]);
  if (!log.started) return undefined;
  // What ran on after the failure will run again, and its result would have nowhere to go.
  dropDetached(hub, new Set([record.executionId]));
  const instance = new Instance(record.key, record.id, log.started, {
    ...record,
    status: OrchestrationStatus.RUNNING,
    updatedAt: hub.clock.now(),
  });
  instance.customStatus = record.customStatus;
  instance.traceContext = record.traceContext;
  instance.latest = Math.max(log.latest, record.updatedAt);
  instance.hasRun = true;
  batch.removedChains.push(record.tail);
  for (const { delivered, started, recorded } of history.turns) {
    if (instance.head === 0) journal.appendHead(instance, delivered);
    else journal.appendMessage(instance, delivered);
    journal.appendTurn(instance, delivered.length, [started, ...recorded]);
  }
  hub.register(instance);
  hub.histories.put(instance, log.history);
  const inbox = [...history.inbox, rewound(hub, instance, reason)];
  for (const event of inbox) instance.inbox.push(event);
  journal.appendMessage(instance, inbox);
  reopenTasks(hub, instance, log, "after the commit");
  hub.lookups.overtake(instance.id);
  hub.considerTurn(instance);
  return instance;
}

function rewound(hub: Hub, instance: Instance, reason: string | undefined): HistoryEvent {
  return historyEvent(-1, toTimestamp(instance.stamp(hub.clock.now())), {
    case: "executionRewound",
    value: {
      $typeName: "ExecutionRewoundEvent",
      reason,
      instanceId: instance.id,
      name: instance.started.name,
      version: instance.started.version,
      tags: {},
    },
  });
}

function asRow({ started, delivered, recorded }: RewoundHistory["turns"][number]): LogRow {
  const events = [...delivered, started, ...recorded];
  const { length } = delivered;
  return { row: 0, key: 0, prev: 0, arrived: length, consumed: length, events };
}

function asMessage(events: readonly HistoryEvent[]): LogRow {
  return { row: 0, key: 0, prev: 0, arrived: events.length, consumed: undefined, events };
}
