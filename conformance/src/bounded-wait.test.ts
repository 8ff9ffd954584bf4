import { createMemoryStore } from "@durabletask/backend";
import { describe, expect, it } from "vitest";
import type { HubBench } from "./hub-bench.ts";
import { openBench } from "./hub-bench.ts";
import { settle } from "./settle.ts";

/** Starts one instance, and another one while the commit of the first, of so many milliseconds, is under way. */
async function startTwo(bench: HubBench, commitMs: number): Promise<Promise<string>> {
  const disk = Promise.withResolvers<void>();
  bench.store.gate = disk.promise;
  const first = bench.start("first");
  await settle();
  const second = bench.start("second");
  bench.clock.advance(commitMs);
  bench.store.gate = undefined;
  disk.resolve();
  await first;
  await settle();
  return second;
}

/** A hub whose worker is at a turn, and where two are started during a slow commit: the second one waits for the worker. */
async function openBusyBench() {
  const bench = await openBench(createMemoryStore);
  const worker = bench.worker();
  await bench.start("busy");
  const turn = await worker.turn();
  const second = startTwo(bench, 2);
  await settle(40);
  return { bench, worker, turn, second };
}

/** Which instances each batch so far has started. */
function started(bench: HubBench): string[][] {
  return bench.store.batches.map(({ inserted }) => inserted.map(({ id }) => id));
}

describe("what came during a slow commit", () => {
  it("waits for what workers are at, for at most half of what that commit took", async () => {
    const { bench, second } = await openBusyBench();
    expect(started(bench)).toEqual([["busy"], ["first"]]);
    bench.clock.advance(1);
    await second;
    await settle();
    expect(started(bench)).toEqual([["busy"], ["first"], ["second"]]);
  });

  it("goes at once where the hub is being closed, whatever workers are at", async () => {
    const { bench, second } = await openBusyBench();
    await bench.close();
    await second;
    expect(started(bench)).toEqual([["busy"], ["first"], ["second"]]);
  });

  it("shares a commit with what a worker brings meanwhile", async () => {
    const { bench, worker, turn, second } = await openBusyBench();
    const answered = worker.answer(turn, []);
    bench.clock.advance(1);
    await Promise.all([second, answered]);
    expect(started(bench)).toEqual([["busy"], ["first"], ["second"]]);
    expect(bench.store.batches.at(-1)?.log).toHaveLength(2);
  });

  it("goes at once where no worker is at anything", async () => {
    const bench = await openBench(createMemoryStore);
    await startTwo(bench, 2);
    expect(started(bench)).toEqual([["first"], ["second"]]);
  });
});
