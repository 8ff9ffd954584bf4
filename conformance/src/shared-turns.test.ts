import { openMemoryTaskHub } from "@durabletask/backend";
import {
  defineActivity,
  defineOrchestrator,
  TaskHubClient,
  TaskHubWorker,
  whenAll,
} from "@durabletask/core";
import { expect, it } from "vitest";

it("results of activities that end together share a turn", async () => {
  await using hub = await openMemoryTaskHub();
  const half = defineActivity("half", async (_ctx, n: number) => n / 2);
  const fanOut = defineOrchestrator("fan out", async (ctx) => {
    const calls = Array.from({ length: 1000 }, (_, n) => ctx.callActivity(half, n));
    return (await whenAll(calls)).length;
  });
  await using worker = new TaskHubWorker(hub).register(half, fanOut);
  await worker.start();
  const client = new TaskHubClient(hub);
  const id = await client.scheduleNewOrchestration(fanOut);
  expect((await client.waitForOrchestrationCompletion(id)).output).toBe(1000);
  const history = await client.getOrchestrationHistory(id);
  // Of each 32 items some are turns; one turn a result would be 1,001.
  expect(history.filter(({ type }) => type === "orchestratorStarted").length).toBeLessThan(100);
});
