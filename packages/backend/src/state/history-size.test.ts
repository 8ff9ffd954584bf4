import type { MessageInitShape } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import type { HistoryEvent } from "@durabletask/protobuf";
import { HistoryChunkSchema, HistoryEventSchema } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { HistorySize, maxEncodedBytes, partsOf } from "./history-size.ts";

type EventInit = MessageInitShape<typeof HistoryEventSchema>;

const texts = ["", "a", "é".repeat(300), "漢".repeat(90_000), "🙂".repeat(100), "\0".repeat(255)];

function eventsOf(text: string): HistoryEvent[] {
  const failureDetails = {
    errorType: text,
    errorMessage: text,
    stackTrace: text,
    innerFailure: { errorType: text, errorMessage: text },
    properties: { [text]: { kind: { case: "stringValue" as const, value: text } } },
  };
  const timestamp = { seconds: 253_402_300_799n, nanos: 999_999_999 };
  const types: NonNullable<EventInit["eventType"]>[] = [
    { case: "taskCompleted" as const, value: { taskScheduledId: -1, result: text } },
    { case: "taskFailed" as const, value: { taskScheduledId: 2 ** 31 - 1, failureDetails } },
    {
      case: "executionStarted" as const,
      value: {
        name: text,
        version: text,
        input: text,
        tags: { a: text, [text]: "b" },
        orchestrationInstance: { instanceId: text, executionId: text },
        parentTraceContext: { traceParent: text, traceState: text },
        scheduledStartTimestamp: timestamp,
      },
    },
    { case: "orchestratorStarted" as const, value: {} },
  ];
  return types.map((eventType) => {
    const event: EventInit = { eventId: -1, timestamp, eventType };
    return create(HistoryEventSchema, event);
  });
}

function result(length: number): HistoryEvent {
  return create(HistoryEventSchema, {
    eventType: { case: "taskCompleted", value: { result: "x".repeat(length) } },
  });
}

describe("maxEncodedBytes", () => {
  it.each(texts)("is never less than what the wire takes", (text) => {
    for (const event of eventsOf(text))
      expect(maxEncodedBytes(event)).toBeGreaterThanOrEqual(
        toBinary(HistoryEventSchema, event).byteLength,
      );
  });

  it("is close where the payload is most of it", () => {
    expect(maxEncodedBytes(result(1_000_000))).toBeLessThan(1_001_000);
  });
});

describe("partsOf", () => {
  it("gives all events in order, in parts of bounded number and size", () => {
    const history = Array.from({ length: 1203 }, (_, index) => result(index % 50 ? 10 : 900_000));
    const parts = [...partsOf(history)];
    expect(parts.flat()).toEqual(history);
    for (const events of parts) {
      expect(events.length).toBeLessThanOrEqual(500);
      const chunk = create(HistoryChunkSchema, { events });
      expect(toBinary(HistoryChunkSchema, chunk).byteLength).toBeLessThan(4_000_000);
    }
  });

  it("gives an event that is too large for any part one of its own", () => {
    const sizes = [10, 5_000_000, 10];
    const parts = [...partsOf(sizes.map(result))];
    expect(parts.map((part) => part.length)).toEqual([1, 1, 1]);
  });

  it("ends where it is told, and gives nothing of nothing", () => {
    expect([...partsOf([result(1), result(2), result(3)], 2)].flat()).toHaveLength(2);
    expect([...partsOf([])]).toEqual([]);
  });
});

describe("HistorySize", () => {
  const isLarge = (history: readonly HistoryEvent[]) => new HistorySize().isLarge(history);

  it("looks at events and bytes", () => {
    expect(isLarge(Array.from({ length: 2000 }, () => result(10)))).toBe(false);
    expect(isLarge(Array.from({ length: 2001 }, () => result(10)))).toBe(true);
    expect(isLarge([result(1_000_000)])).toBe(false);
    expect(isLarge([result(600_000), result(600_000)])).toBe(true);
  });

  it("goes on from where it was when the history has grown", () => {
    const size = new HistorySize();
    const history = [result(600_000)];
    expect(size.isLarge(history)).toBe(false);
    history.push(result(10));
    expect(size.isLarge(history)).toBe(false);
    history.push(result(600_000), result(10));
    expect(size.isLarge(history)).toBe(true);
    expect(size.isLarge(history)).toBe(true);
  });
});
