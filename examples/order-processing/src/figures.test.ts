import type { HistoryEvent } from "@durabletask/core";
import { expect, it } from "vitest";
import { addUp } from "./figures.ts";

const timestamp = new Date();
const started: HistoryEvent = { type: "orchestratorStarted", eventId: -1, timestamp };
const completed: HistoryEvent = {
  type: "taskCompleted",
  eventId: -1,
  timestamp,
  taskScheduledId: 1,
};
const timerFired: HistoryEvent = { type: "timerFired", eventId: -1, timestamp, timerId: 1 };

function failed(isNonRetriable: boolean): HistoryEvent {
  const failureDetails = { errorType: "X", errorMessage: "", isNonRetriable, properties: {} };
  return { type: "taskFailed", eventId: -1, timestamp, taskScheduledId: 1, failureDetails };
}

it("counts what happened, and what each turn would have had to replay", () => {
  const histories = new Map([
    ["A-1", [started, failed(false), started, timerFired, completed, started, failed(true)]],
    ["A-1-shipment", [started, completed]],
  ]);
  expect(addUp({ orders: [], histories })).toMatchObject({
    orchestrations: 2,
    completed: 2,
    retried: 1,
    timers: 1,
    turns: 4,
    pastEvents: 0 + 2 + 5 + 0,
  });
});

it("counts what became of the orders", () => {
  const order = { id: "A", customer: "", city: "", country: "", card: "", lines: [] };
  const result = { order, status: "COMPLETED" as const, history: [] };
  const orders = [
    { ...result, outcome: { status: "shipped" as const, tracking: "", approvedBy: "Grace" } },
    { ...result, outcome: { status: "shipped" as const, tracking: "", approvedBy: null } },
    { ...result, outcome: { status: "cancelled" as const, reason: "not approved" as const } },
    { ...result, status: "FAILED" as const, outcome: undefined },
  ];
  expect(addUp({ orders, histories: new Map() })).toMatchObject({
    orders: 4,
    shipped: 2,
    approved: 1,
    declined: 0,
    rejected: 1,
    failed: 1,
  });
});
