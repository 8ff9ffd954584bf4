import { create } from "@bufbuild/protobuf";
import { ExecutionStartedEventSchema } from "@durabletask/protobuf";
import { expect, test } from "vitest";
import { startOf, Starts } from "./start.ts";

const plain = { name: "order", input: "1" };
const told = {
  tags: { tags: { team: "a" } },
  version: { version: "2" },
  "a parent": { parentInstance: { taskScheduledId: 3, name: "parent" } },
  "a trace": { parentTraceContext: { traceParent: "00-1-2-01" } },
  "a span": { orchestrationSpanID: "5" },
};

test("an instance keeps no input of how it started", () => {
  expect(startOf(create(ExecutionStartedEventSchema, plain))).not.toHaveProperty("input");
});

test("instances that started alike but for their input share what is kept", () => {
  const starts = new Starts();
  const one = starts.of(create(ExecutionStartedEventSchema, plain));
  expect(starts.of(create(ExecutionStartedEventSchema, { ...plain, input: "2" }))).toBe(one);
});

test.each(Object.entries(told))(
  "one that started with %s shares nothing with others",
  (_, init) => {
    const starts = new Starts();
    const other = starts.of(create(ExecutionStartedEventSchema, plain));
    const start = starts.of(create(ExecutionStartedEventSchema, { ...plain, ...init }));
    expect(start).not.toBe(other);
    expect(start).toMatchObject(init);
  },
);
