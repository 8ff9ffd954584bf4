import type { HistoryEvent } from "@durabletask/core";
import { expect, it } from "vitest";
import { formatTimeline } from "./timeline.ts";

function at(ms: number): Date {
  return new Date(1_700_000_000_000 + ms);
}

const history: readonly HistoryEvent[] = [
  { type: "orchestratorStarted", eventId: -1, timestamp: at(0) },
  { type: "executionStarted", eventId: -1, timestamp: at(0), name: "ship", tags: {} },
  scheduled(1, 10, "book", JSON.stringify({ to: "IT" })),
  scheduled(2, 10, "weigh", JSON.stringify("x".repeat(100))),
  { type: "taskCompleted", eventId: -1, timestamp: at(110), taskScheduledId: 2, result: "12" },
  {
    type: "taskFailed",
    eventId: -1,
    timestamp: at(260),
    taskScheduledId: 1,
    failureDetails: { errorType: "Busy", errorMessage: "", isNonRetriable: false, properties: {} },
  },
  { type: "timerCreated", eventId: 3, timestamp: at(260), fireAt: at(1260) },
  { type: "timerFired", eventId: -1, timestamp: at(1261), timerId: 3 },
  { type: "eventRaised", eventId: -1, timestamp: at(1300), name: "go", input: "true" },
  { type: "executionCompleted", eventId: 4, timestamp: at(1400), orchestrationStatus: 1 },
];

function scheduled(eventId: number, ms: number, name: string, input: string): HistoryEvent {
  return { type: "taskScheduled", eventId, timestamp: at(ms), name, input, tags: {} };
}

it("has a line for each thing, with when it began, how long it took and what came of it", () => {
  expect(formatTimeline(history, []).split("\n")).toEqual([
    "  0.00 s            ship started",
    "  0.01 s    0.25 s  book { to: 'IT' } → failed: Busy",
    `  0.01 s    0.10 s  weigh '${"x".repeat(47)}… → 12`,
    "  0.26 s    1.00 s  timer",
    "  1.30 s            event go true",
    "  1.40 s            completed",
  ]);
});

it("puts marks where they belong", () => {
  const marks = [
    { at: at(1000), text: "killed" },
    { at: at(9000), text: "later" },
  ];
  const lines = formatTimeline(history, marks).split("\n");
  expect(lines[4]).toBe("  1.00 s  ──────── killed ────────");
  expect(lines.at(-1)).toBe("  9.00 s  ──────── later ────────");
});
