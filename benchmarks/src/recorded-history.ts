import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { HistoryEventSchema, OrchestratorRequest } from "@durabletask/protobuf";
import { OrchestratorRequestSchema } from "@durabletask/protobuf";

type Event = MessageInitShape<typeof HistoryEventSchema>;

/** In which order activities were called: each after the one before it, or all at once. */
export type Shape = "chain" | "fan-out";

/**
 * The last turn of an orchestration, with all of its history. Activity number `i` was given `i` and answered `i`. There is no
 * `OrchestratorStarted` before each completion, which hubs record as well and which costs the peer more than it costs us.
 */
export function recordedTurn(shape: Shape, activities: number): OrchestratorRequest {
  const indexes = Array.from({ length: activities }, (_, index) => index);
  const events =
    shape === "chain"
      ? indexes.flatMap((index) => [scheduled(index), completed(index)])
      : [...indexes.map(scheduled), ...indexes.map(completed)];
  const history = [turnStarted(), started("recorded"), ...events];
  return create(OrchestratorRequestSchema, {
    instanceId: "recorded",
    executionId: "execution of recorded",
    pastEvents: history.slice(0, -1),
    newEvents: history.slice(-1),
  });
}

/** The first turn of an instance, from a hub that takes part in sessions. */
export function firstTurn(instanceId: string): OrchestratorRequest {
  return create(OrchestratorRequestSchema, {
    instanceId,
    executionId: `execution of ${instanceId}`,
    newEvents: [turnStarted(), started(instanceId)],
    properties: { IsExtendedSession: { kind: { case: "boolValue", value: true } } },
  });
}

/** What the orchestrator returns that adds up what its activities have answered. */
export function sumOf(activities: number): number {
  return (activities * (activities - 1)) / 2;
}

function turnStarted(): Event {
  return event(-1, { case: "orchestratorStarted", value: {} });
}

function started(instanceId: string): Event {
  const orchestrationInstance = { instanceId, executionId: `execution of ${instanceId}` };
  return event(-1, {
    case: "executionStarted",
    value: { name: "recorded", input: "0", orchestrationInstance },
  });
}

function scheduled(index: number): Event {
  return event(index + 1, {
    case: "taskScheduled",
    value: { name: "echo", input: String(index) },
  });
}

function completed(index: number): Event {
  return event(-1, {
    case: "taskCompleted",
    value: { taskScheduledId: index + 1, result: String(index) },
  });
}

function event(eventId: number, eventType: NonNullable<Event["eventType"]>): Event {
  return { eventId, timestamp: { seconds: 1_767_225_600n, nanos: 0 }, eventType };
}
