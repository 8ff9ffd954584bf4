import type { DescMessage, Message, MessageShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { array, assert, property } from "fast-check";
import { describe, expect, it, test } from "vitest";
import { anyMessage } from "../../test/any-message.ts";
import { anyDamage } from "../../test/damage.ts";
import { anyOddity } from "../../test/odd-value.ts";
import { codecs } from "../gen/orchestrator_service_codec.ts";
import {
  ActivityRequestSchema,
  ActivityResponseSchema,
  type HistoryChunk,
  HistoryChunkSchema,
  type HistoryEvent,
  OrchestratorResponseSchema,
  TaskFailedEventSchema,
  TaskFailureDetailsSchema,
  WorkItemSchema,
} from "../index.ts";
import { decode, decodeUsual, encode, encodeUsual } from "./binary.ts";

// protobuf-es is the measure of everything here: what it reads and writes, and what it refuses and how.

const schemas = [...codecs.keys()];

/** What comes of it: a value, or what is thrown. */
function outcomeOf(act: () => unknown): unknown {
  try {
    return { value: act() };
  } catch (error) {
    return { error: String(error) };
  }
}

function expectSameDecoding(schema: DescMessage, bytes: Uint8Array): void {
  expect(outcomeOf(() => decode(schema, bytes))).toStrictEqual(
    outcomeOf(() => fromBinary(schema, bytes)),
  );
}

function expectSameEncoding<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
): void {
  expect(outcomeOf(() => encode(schema, message))).toStrictEqual(
    outcomeOf(() => toBinary(schema, message)),
  );
}

describe.each(schemas.map((schema) => [schema.typeName, schema] as const))(
  "%s",
  (_name, schema) => {
    it("is read as protobuf-es reads it, by its own code", () => {
      assert(
        property(anyMessage(schema), (message) => {
          const bytes = toBinary(schema, message);
          expect(decodeUsual(schema, bytes)).toStrictEqual(fromBinary(schema, bytes));
        }),
      );
    });

    it("is written as protobuf-es writes it, by its own code", () => {
      assert(
        property(anyMessage(schema), (message) => {
          const bytes = toBinary(schema, message);
          expect(encodeUsual(schema, fromBinary(schema, bytes), 0)).toStrictEqual(bytes);
        }),
      );
    });

    it("is read and refused as by protobuf-es from bytes that were changed on the way", () => {
      assert(
        property(
          anyMessage(schema),
          array(anyDamage, { minLength: 1, maxLength: 3 }),
          (message, damages) => {
            const bytes = damages.reduce<Uint8Array>(
              (sum, damage) => damage(sum),
              toBinary(schema, message),
            );
            expectSameDecoding(schema, bytes);
          },
        ),
        { numRuns: 300 },
      );
    });

    it("is merged as by protobuf-es where its fields come twice", () => {
      assert(
        property(anyMessage(schema), anyMessage(schema), (one, other) => {
          expectSameDecoding(schema, joined(toBinary(schema, one), toBinary(schema, other)));
        }),
      );
    });

    it("is written and refused as by protobuf-es with values of other types in it", () => {
      assert(
        property(anyMessage(schema), anyOddity, (message, changed) => {
          expectSameEncoding(schema, changed(message));
        }),
        { numRuns: 300 },
      );
    });
  },
);

/** Completions of activities with these results. */
function history(...results: string[]): HistoryChunk {
  const events = results.map((result, taskScheduledId) => ({
    eventId: -1,
    timestamp: { seconds: 1_767_225_600n, nanos: 5 },
    eventType: { case: "taskCompleted" as const, value: { taskScheduledId, result } },
  }));
  return create(HistoryChunkSchema, { events });
}

test("objects are as plain as those of protobuf-es, field by field in the same order", () => {
  const bytes = toBinary(HistoryChunkSchema, history("é"));
  const [decoded] = decode(HistoryChunkSchema, bytes).events;
  const [expected] = fromBinary(HistoryChunkSchema, bytes).events;
  expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
  expect(JSON.stringify(decoded, words)).toBe(JSON.stringify(expected, words));
});

function words(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

test("fields of numbers that are not known yet are kept, by generated code, at every level", () => {
  const newer = new BinaryWriter()
    .tag(99, WireType.LengthDelimited)
    .string("more")
    .tag(100, WireType.Varint)
    .uint64(2n ** 63n)
    .tag(101, WireType.Bit32)
    .fixed32(1)
    .tag(3000, WireType.Bit64)
    .fixed64(1n)
    .finish();
  const completed = toBinary(ActivityResponseSchema, create(ActivityResponseSchema, { taskId: 3 }));
  const request = joined(
    toBinary(ActivityRequestSchema, create(ActivityRequestSchema, { name: "a" })),
    newer,
  );
  const item = joined(
    new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(request).finish(),
    newer,
  );
  for (const [schema, bytes] of [
    [ActivityResponseSchema, joined(completed, newer)],
    [WorkItemSchema, item],
  ] as const) {
    const decoded = decodeUsual(schema, bytes);
    expect(decoded).toStrictEqual(fromBinary(schema, bytes));
    expect(decoded?.$unknown).toHaveLength(4);
    expect(encode<DescMessage>(schema, decoded as Message)).toStrictEqual(
      toBinary<DescMessage>(schema, decoded as Message),
    );
  }
});

test("a group is left to protobuf-es", () => {
  const group = new BinaryWriter()
    .tag(99, WireType.StartGroup)
    .tag(1, WireType.Varint)
    .int32(1)
    .tag(99, WireType.EndGroup)
    .finish();
  expect(decodeUsual(ActivityResponseSchema, group)).toBeUndefined();
  expectSameDecoding(ActivityResponseSchema, group);
});

test.each([
  ["a tag that does not fit 32 bits", [0x8a, 0x80, 0x80, 0x80, 0x10, 1, 0x61]],
  ["a tag of more bytes than it needs", [0x8a, 0x00, 1, 0x61]],
  ["field number 0", [0x02, 1, 0x61]],
  ["a known field of another wire type", [0x0d, 0, 0, 0, 0]],
  ["a number of eleven bytes", [0x10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]],
  ["a number of more bytes than it needs", [0x10, 0x87, 0x80, 0x80, 0x80, 0x80, 0x00]],
  ["a number that breaks off", [0x10, 0xff]],
  ["a length beyond the end", [0x0a, 5, 0x61]],
  ["a length of 4 GB", [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x61]],
  ["a text that is longer than the wrapper around it", [0x1a, 2, 0x0a, 3, 0x61, 0x62, 0x63]],
  ["text that is no UTF-8", [0x0a, 2, 0xc3, 0x28]],
  ["a surrogate in UTF-8", [0x0a, 3, 0xed, 0xa0, 0x80]],
  ["long text that is no UTF-8", [0x0a, 40, ...Array.from({ length: 39 }, () => 0x61), 0xff]],
  ["a mark of byte order", [0x0a, 4, 0xef, 0xbb, 0xbf, 0x61]],
])("%s is read or refused as by protobuf-es", (_what, bytes) => {
  expectSameDecoding(ActivityResponseSchema, Uint8Array.from(bytes));
});

test("a key that is the name of the prototype is a key", () => {
  const entry = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string("__proto__")
    .tag(2, WireType.LengthDelimited)
    .string("x")
    .finish();
  const bytes = new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(entry).finish();
  expectSameDecoding(ActivityRequestSchema, bytes);
  const { tags } = decode(ActivityRequestSchema, bytes);
  expect(Object.entries(tags)).toEqual([["__proto__", "x"]]);
});

test.each([10, 96, 97, 98, 99, 100, 101])(
  "failures in failures %d deep are read or refused as by protobuf-es",
  (levels) => {
    let details = new Uint8Array();
    for (let i = 0; i < levels; i += 1)
      details = new BinaryWriter().tag(4, WireType.LengthDelimited).bytes(details).finish();
    expectSameDecoding(
      TaskFailedEventSchema,
      new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(details).finish(),
    );
  },
);

test("bytes in the middle of others are read alone", () => {
  const bytes = toBinary(
    ActivityResponseSchema,
    create(ActivityResponseSchema, { instanceId: "a", result: "x".repeat(40) }),
  );
  const around = Buffer.concat([Buffer.of(0x10, 1), bytes, Buffer.of(0x10, 2)]);
  expect(decodeUsual(ActivityResponseSchema, around.subarray(2, -2))).toStrictEqual(
    fromBinary(ActivityResponseSchema, bytes),
  );
});

test("room is left before a message, by generated code and without", () => {
  const response = create(ActivityResponseSchema, { taskId: 3 });
  const details = {
    $typeName: "TaskFailureDetails" as const,
    errorType: "E",
    errorMessage: "",
    isNonRetriable: false,
    properties: {},
  };
  encode(ActivityResponseSchema, create(ActivityResponseSchema, { instanceId: "not to be seen" }));
  expect([...encode(ActivityResponseSchema, response, 5)]).toEqual([0, 0, 0, 0, 0, 0x10, 3]);
  expect([...encode(TaskFailureDetailsSchema, details, 2)]).toEqual([0, 0, 0x0a, 1, 0x45]);
});

test.each([47, 48, 49, 127, 128, 5_000, 16_384, 200_000])(
  "texts of %d characters are written in full",
  (length) => {
    for (const text of ["a".repeat(length), "é".repeat(length), "\u{1F600}".repeat(length)]) {
      const response = create(OrchestratorResponseSchema, { instanceId: text, customStatus: text });
      expectSameEncoding(OrchestratorResponseSchema, response);
      expectSameDecoding(
        OrchestratorResponseSchema,
        toBinary(OrchestratorResponseSchema, response),
      );
    }
  },
);

test("a message is not disturbed by one of its getters that encodes another", () => {
  const [first, second] = history("first", "second").events;
  const chunk = {
    $typeName: "HistoryChunk" as const,
    events: [first, { ...second }] as HistoryEvent[],
  };
  Object.defineProperty(chunk.events[1], "eventId", {
    enumerable: true,
    get: () =>
      encode(ActivityResponseSchema, create(ActivityResponseSchema, { instanceId: "inner" }))
        .length,
  });
  expect(encodeUsual(HistoryChunkSchema, chunk, 0)).toEqual(toBinary(HistoryChunkSchema, chunk));
});

test("lengths find room where the buffer is full", () => {
  // With some of these the buffer of 32 KB has room for all but the lengths of the messages around the last one.
  for (let pad = 0; pad < 80; pad += 1) {
    const result = "\u20AC".repeat(9070);
    const carryoverEvents = [{ eventType: { case: "eventSent" as const, value: {} } }];
    const value = { result, carryoverEvents };
    const actions = [{ orchestratorActionType: { case: "completeOrchestration" as const, value } }];
    const instanceId = "i".repeat(5480 + pad);
    const response = create(OrchestratorResponseSchema, { instanceId, actions });
    expect(encodeUsual(OrchestratorResponseSchema, response, 0)).toEqual(
      toBinary(OrchestratorResponseSchema, response),
    );
  }
});

test("an instance of a class is left to protobuf-es, which does not look at what it inherits", () => {
  const derived = Object.create({ result: "inherited" });
  Object.assign(derived, create(ActivityResponseSchema, { taskId: 3 }));
  expect(encodeUsual(ActivityResponseSchema, derived, 0)).toBeUndefined();
  expectSameEncoding(ActivityResponseSchema, derived);
});

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
