import { createMemoryStore, openEmbeddedTaskHub } from "@durabletask/backend";
import type { LogRow, Store } from "@durabletask/backend";
import { VirtualClock } from "@durabletask/core/spi";
import { defineOrchestrator, TaskHubClient, TaskHubWorker } from "@durabletask/core";
import { expect, it, onTestFinished } from "vitest";

/** Counts how often a history is read. */
function counting(store: Store): { store: Store; reads: () => number } {
  let reads = 0;
  const chain = (tail: number): Promise<readonly LogRow[]> => {
    reads += 1;
    return store.chain(tail);
  };
  const counted = new Proxy(store, {
    get: (target, name) => {
      if (name === "chain") return chain;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { store: counted, reads: () => reads };
}

it("histories that do not fit into memory are read once for a turn, however many instances wait for theirs", async () => {
  const { store, reads } = counting(createMemoryStore());
  const clock = new VirtualClock();
  const hub = await openEmbeddedTaskHub(store, { clock, logger: {}, maxHistoryEvents: 50 });
  onTestFinished(() => hub.close());
  const client = new TaskHubClient(hub, { clock });
  const twice = defineOrchestrator("twice", async (ctx) => [
    await ctx.waitForExternalEvent<number>("n"),
    await ctx.waitForExternalEvent<number>("n"),
  ]);
  const worker = new TaskHubWorker(hub, { clock, sessions: false }).register(twice);
  await worker.start();
  const count = 500;
  const ids = Array.from({ length: count }, (_, n) => `i${n}`);
  for (const instanceId of ids)
    await client.scheduleNewOrchestration(twice, undefined, { instanceId });
  for (const id of ids) await client.waitForOrchestrationStart(id);
  await worker.stop();
  for (const n of [1, 2])
    await Promise.all(ids.map((id) => client.raiseOrchestrationEvent(id, "n", n)));
  const before = reads();
  await worker.start();
  for (const id of ids) {
    expect((await client.waitForOrchestrationCompletion(id)).status).toBe("COMPLETED");
  }
  expect(reads() - before).toBeLessThanOrEqual(2 * count);
  await worker.stop();
});
