import { createMemoryStore } from "@durabletask/backend";
import type { Logger, SessionLimits } from "@durabletask/core";
import { defineOrchestrator } from "@durabletask/core";
import { expect, it } from "vitest";
import { World } from "../scenarios/world.ts";

const setting = { name: "memory", createStore: createMemoryStore, worker: {} };

/** Adds up events; tells each time that its code begins, and each time that it is left. */
function adder(begun: string[], left: string[]) {
  return defineOrchestrator("adder", async (ctx, count: number) => {
    begun.push(ctx.instanceId);
    try {
      let sum = 0;
      for (let n = 0; n < count; n += 1) sum += await ctx.waitForExternalEvent<number>("add");
      return sum;
    } finally {
      left.push(ctx.instanceId);
    }
  });
}

function countingMisses(): { readonly logger: Logger; readonly misses: unknown[] } {
  const misses: unknown[] = [];
  const debug = (fields: Readonly<Record<string, unknown>>): void => {
    if (fields["event"] === "turn.missed") misses.push(fields["instanceId"]);
  };
  return { logger: { debug }, misses };
}

const limits: readonly [string, SessionLimits | false, number, number][] = [
  ["without limits each runs once", {}, 3, 0],
  [
    "of three under a limit of two, taken in turn, each has been forgotten until the first has ended",
    { count: 2 },
    13,
    10,
  ],
  ["under a limit of bytes too, but for the last", { bytes: 450 }, 15, 12],
  ["one that is larger than all bytes is not kept at all", { bytes: 1 }, 15, 12],
  ["without sessions nothing is ever missed", false, 15, 0],
];

it.each(limits)(
  "evictions: %s, and nobody's finally runs before its time (E13)",
  async (_, sessions, runs, missed) => {
    const world = await World.open(setting);
    const [begun, left]: [string[], string[]] = [[], []];
    const { logger, misses } = countingMisses();
    const add = adder(begun, left);
    await world.work([add], { sessions, logger });
    const ids = ["a", "b", "c"];
    for (const instanceId of ids) {
      await world.client.scheduleNewOrchestration(add, 4, { instanceId });
      await world.idle();
    }
    for (let round = 1; round <= 4; round += 1) {
      expect(left).toEqual([]);
      for (const id of ids) {
        await world.client.raiseOrchestrationEvent(id, "add", round);
        await world.idle();
      }
    }
    for (const id of ids) expect((await world.client.getOrchestrationState(id))?.output).toBe(10);
    expect(left).toEqual(ids);
    expect(begun).toHaveLength(runs);
    expect(misses).toHaveLength(missed);
  },
);

it("mixed workers: one with sessions and one without take turns, whoever leaves, and agree", async () => {
  const world = await World.open(setting);
  const [begun, left]: [string[], string[]] = [[], []];
  const add = adder(begun, left);
  const live = await world.work([add]);
  const id = await world.client.scheduleNewOrchestration(add, 9);
  const say = async (n: number): Promise<void> => {
    await world.client.raiseOrchestrationEvent(id, "add", n);
    await world.idle();
  };
  for (const n of [1, 2, 3]) await say(n);
  expect(begun).toHaveLength(1);
  await live.stop();
  const replaying = await world.work([add], { sessions: false });
  for (const n of [4, 5, 6]) await say(n);
  expect(begun).toHaveLength(4);
  // What the first worker had seen is not the past any more.
  await live.start();
  await replaying.stop();
  for (const n of [7, 8, 9]) await say(n);
  expect((await world.client.getOrchestrationState(id))?.output).toBe(45);
  expect(begun).toHaveLength(5);
  expect(left).toHaveLength(1);
});
