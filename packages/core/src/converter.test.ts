import { describe, expect, it } from "vitest";
import {
  jsonConverter,
  PayloadNotReadableError,
  PayloadNotSerializableError,
} from "./converter.ts";

class Point {
  readonly x = 1;
  length(): number {
    return this.x;
  }
}

describe("payloads as JSON", () => {
  it.each<[string, unknown, string | undefined]>([
    ["undefined is an absent payload", undefined, undefined],
    ["null", null, "null"],
    ["an empty string", "", '""'],
    ["zero", 0, "0"],
    ["false", false, "false"],
    ["an empty array", [], "[]"],
    ["a date is its text", new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ["an instance is its fields", new Point(), '{"x":1}'],
    ["a null inside", { a: null }, '{"a":null}'],
    ["nothing inside", { a: {} }, '{"a":{}}'],
    ["text that speaks of null", "null", '"null"'],
    ["hostile keys", JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
  ])("%s", (_what, value, payload) => {
    expect(jsonConverter.serialize(value)).toBe(payload);
  });

  it.each<[string, unknown]>([
    ["a BigInt", 1n],
    ["a BigInt inside", { n: [1n] }],
    ["NaN", Number.NaN],
    ["Infinity inside", { deep: [{ n: Infinity }] }],
    ["a function", () => 1],
    ["a symbol", Symbol("x")],
    ["a promise", Promise.resolve(1)],
    ["a promise inside", { deep: [Promise.resolve(1)] }],
    [
      "a cycle",
      (() => {
        const a: Record<string, unknown> = {};
        a["self"] = a;
        return a;
      })(),
    ],
    [
      "a toJSON that throws",
      {
        toJSON: () => {
          throw new Error("no");
        },
      },
    ],
  ])("refuse %s", (_what, value) => {
    expect(() => jsonConverter.serialize(value)).toThrow(PayloadNotSerializableError);
  });

  it("name the place of a number that JSON does not have", () => {
    expect(() => jsonConverter.serialize({ price: Number.NaN })).toThrow(/'price' in it is NaN/u);
  });

  it("say that an await was forgotten", () => {
    expect(() => jsonConverter.serialize({ price: Promise.resolve(1) })).toThrow(
      /'price' in it is a promise: await it first/u,
    );
  });

  it("read back what was written, and an empty payload as none", () => {
    expect(jsonConverter.deserialize('{"a":[1,null]}')).toEqual({ a: [1, null] });
    expect(jsonConverter.deserialize(undefined)).toBeUndefined();
    expect(jsonConverter.deserialize("")).toBeUndefined();
  });

  it("say what they could not read, and not all of it", () => {
    expect(() => jsonConverter.deserialize("{not json")).toThrow(PayloadNotReadableError);
    const long = "x".repeat(10_000);
    expect(() => jsonConverter.deserialize(long)).toThrow(
      /^the payload is not JSON: x{80}\.\.\. \(/u,
    );
  });
});
