import type { MessageInitShape } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import type { HistoryEvent } from "@durabletask/protobuf";
import { HistoryEventSchema } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { maxEncodedBytes } from "./encoded-size.ts";

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
        tags: { a: text, [text]: "b", $typeName: text },
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
