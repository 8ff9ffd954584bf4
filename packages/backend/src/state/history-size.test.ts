import { create, toBinary } from "@bufbuild/protobuf";
import type { HistoryEvent } from "@durabletask/protobuf";
import { HistoryChunkSchema, HistoryEventSchema } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { HistorySize, partsOf } from "./history-size.ts";

function result(length: number): HistoryEvent {
  return create(HistoryEventSchema, {
    eventType: { case: "taskCompleted", value: { result: "x".repeat(length) } },
  });
}

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
