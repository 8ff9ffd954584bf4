import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type {
  ExecutionStartedEvent,
  ParentInstanceInfo,
  TraceContext,
} from "@durabletask/protobuf";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { executionStarted } from "../state/history-events.ts";
import type { Hub } from "../state/hub.ts";
import { Instance } from "../state/instance.ts";
import { startOf } from "../state/start.ts";
import { toMs, toTimestamp } from "../time/timestamp.ts";

/** What an instance starts with. */
export interface Creation {
  readonly id: string;
  readonly executionId: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly input: string | undefined;
  readonly tags: { [key: string]: string };
  readonly startAt: Timestamp | undefined;
  readonly parent: ParentInstanceInfo | undefined;
  readonly traceContext: TraceContext | undefined;
}

/**
 * Creates an instance. The caller has made sure that no active instance has the id; an ended one is replaced in the
 * same commit.
 */
export function createInstance(hub: Hub, creation: Creation): Instance {
  // What still runs of the instance that is replaced is nobody's any more.
  for (const activity of hub.detached.of(creation.id)) activity.isRecallable = false;
  const ended = hub.instances.get(creation.id);
  if (ended) {
    hub.journal.remove(ended);
    hub.unregister(ended);
  }
  const now = hub.clock.now();
  const startAt = creation.startAt && toMs(creation.startAt);
  const started = startedEvent(creation);
  const instance = new Instance(hub.newKey(), creation.id, startOf(started), {
    executionId: creation.executionId,
    status: OrchestrationStatus.PENDING,
    createdAt: now,
    updatedAt: now,
    startAt,
  });
  const event = executionStarted(toTimestamp(instance.stamp(now)), started);
  instance.inbox.push(event);
  hub.histories.put(instance, []);
  hub.register(instance);
  hub.journal.insert(instance);
  hub.journal.appendHead(instance, [event]);
  // A start in the past is a start now (rule 8).
  if (startAt !== undefined && startAt > now) hub.pauseUntil(instance, startAt);
  else hub.considerTurn(instance);
  return instance;
}

function startedEvent(creation: Creation): ExecutionStartedEvent {
  return {
    $typeName: "ExecutionStartedEvent",
    name: creation.name,
    version: creation.version,
    input: creation.input,
    orchestrationInstance: {
      $typeName: "OrchestrationInstance",
      instanceId: creation.id,
      executionId: creation.executionId,
    },
    parentInstance: creation.parent,
    scheduledStartTimestamp: creation.startAt,
    parentTraceContext: creation.traceContext,
    orchestrationSpanID: undefined,
    tags: creation.tags,
  };
}
