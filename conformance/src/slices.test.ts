import { setImmediate } from "node:timers/promises";
import { createMemoryStore } from "@durabletask/backend";
import { expect, it } from "vitest";
import { openBench } from "./hub-bench.ts";

it("goes on after a slice that was used up, though the clock was set back meanwhile", async () => {
  const bench = await openBench(createMemoryStore);
  for (const id of ["a", "b"]) await bench.start(id);
  const worker = bench.worker();
  await worker.turn();
  bench.clock.advance(3);
  worker.ask();
  bench.clock.jump(-3);
  expect(await worker.isIdle()).toBe(false);
});

it("lets the event loop come round after 2 ms of handing out work, and then goes on", async () => {
  const bench = await openBench(createMemoryStore);
  const ids = Array.from({ length: 40 }, (_, index) => `i${index}`);
  await Promise.all(ids.map((id) => bench.start(id)));
  const worker = bench.worker();
  let taken = 0;
  const work = async () => {
    for (; taken < ids.length; taken++) {
      await worker.turn();
      bench.clock.advance(1);
    }
  };
  const done = work();
  const takenByRound: number[] = [];
  while (taken < ids.length) {
    const before = taken;
    await setImmediate();
    takenByRound.push(taken - before);
  }
  await done;
  // Without a bound, microtasks alone would take all of them. Two slices of two may lie between two looks at the count.
  expect(Math.max(...takenByRound)).toBeLessThanOrEqual(4);
  // And no round is lost: what the slice has no room for waits for one round only.
  expect(takenByRound.length).toBeLessThanOrEqual(21);
});

it("does not slice what takes no time", async () => {
  const bench = await openBench(createMemoryStore);
  const ids = Array.from({ length: 100 }, (_, index) => `i${index}`);
  await Promise.all(ids.map((id) => bench.start(id)));
  const worker = bench.worker();
  let rounds = 0;
  const count = async () => {
    for (;;) {
      await setImmediate(undefined, { signal: over.signal });
      rounds++;
    }
  };
  const over = new AbortController();
  const counting = count().catch(() => undefined);
  for (const _ of ids) await worker.turn();
  over.abort();
  await counting;
  expect(rounds).toBe(0);
});
