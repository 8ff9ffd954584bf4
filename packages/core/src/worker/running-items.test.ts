import { create } from "@bufbuild/protobuf";
import { WorkItemSchema } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { type Running, RunningItems } from "./running-items.ts";
import { Slots } from "./slots.ts";
import { WorkSlice } from "./work-slice.ts";

/** A lane in which one item runs at a time. */
function openLane() {
  const begun: Running[] = [];
  const ended: Running[] = [];
  const items = new RunningItems({
    begin: (running) => void begun.push(running),
    ended: (running) => void ended.push(running),
    failed: () => undefined,
  });
  const slice = new WorkSlice(
    () => 0,
    () => undefined,
  );
  const slots = new Slots(1, slice);
  const handler = { concurrency: 1, run: async () => undefined, abandon: async () => undefined };
  return { items, begun, ended, add: () => items.add(create(WorkItemSchema), { handler, slots }) };
}

describe("running items", () => {
  it("free their slot once: when their code ends, or else with all of it", () => {
    const { begun, add } = openLane();
    for (let n = 0; n < 4; n += 1) add();
    expect(begun).toHaveLength(1);
    begun[0]?.codeEnded();
    expect(begun).toHaveLength(2);
    // Its delivery: the slot is another's.
    begun[0]?.ended();
    expect(begun).toHaveLength(2);
    begun[1]?.ended();
    begun[1]?.ended();
    expect(begun).toHaveLength(3);
  });

  it("are taken out in any order, each once", () => {
    const { items, begun, ended, add } = openLane();
    for (let n = 0; n < 3; n += 1) add();
    const [first, second, third] = items.items;
    first?.ended();
    first?.ended();
    expect(ended).toEqual([first]);
    expect(new Set(items.items)).toEqual(new Set([second, third]));
    for (const running of begun) running.ended();
    expect(items.isEmpty).toBe(true);
  });
});
