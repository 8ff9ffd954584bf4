import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { defineOrchestrator } from "@durabletask/core";
import type { HistoryEvent } from "@durabletask/protobuf";
import { HistoryEventSchema } from "@durabletask/protobuf";
import { expect, it, onTestFinished } from "vitest";
import { HistoryReplayer } from "./properties/history-replayer.ts";

type EventType = NonNullable<MessageInitShape<typeof HistoryEventSchema>["eventType"]>;

const event = (eventType: EventType, eventId = -1): HistoryEvent =>
  create(HistoryEventSchema, { eventId, timestamp: { seconds: 0n, nanos: 0 }, eventType });

const history = (instanceId: string): HistoryEvent[] => [
  event({ case: "orchestratorStarted", value: {} }),
  event({
    case: "executionStarted",
    value: { name: "changed", orchestrationInstance: { instanceId, executionId: "1" } },
  }),
  event({ case: "taskScheduled", value: { name: "a", input: "1" } }, 1),
  event({ case: "taskScheduled", value: { name: "b", input: "1" } }, 2),
];

it("a worker says once of an execution that its record holds over the code, however often it is replayed", async () => {
  const changed = defineOrchestrator("changed", async (ctx) => {
    await Promise.all([ctx.callActivity("a", 2), ctx.callActivity("b", 2)]);
  });
  const replayer = new HistoryReplayer([changed]);
  await replayer.start();
  onTestFinished(() => replayer.stop());
  const turn = [event({ case: "orchestratorStarted", value: {} })];
  for (const instance of ["one", "one", "another", "one"]) {
    await replayer.replay(history(instance), turn);
  }
  expect(replayer.warnings).toMatchObject([
    { event: "call.adopted", instanceId: "one", eventId: 1 },
    { event: "call.adopted", instanceId: "another", eventId: 1 },
  ]);
});
