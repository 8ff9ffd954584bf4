import { setTimeout as sleep } from "node:timers/promises";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defineActivity,
  defineOrchestrator,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";
import { expect, it } from "vitest";
import { ReplayCounter } from "./replay-counter.ts";

const step = defineActivity("step", async () => sleep(1));
const threeSteps = defineOrchestrator("threeSteps", async (ctx) => {
  for (let index = 0; index < 3; index += 1) await ctx.callActivity(step);
});

/** What is replayed by a worker with or without sessions. */
async function countReplays(sessions: false | undefined) {
  await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
  await using hub = await openTaskHub(join(folder.path, "tasks.db"));
  const counter = new ReplayCounter(hub);
  await using worker = new TaskHubWorker(counter, { sessions }).register(step, threeSteps);
  await worker.start();
  const client = new TaskHubClient(counter);
  const id = await client.scheduleNewOrchestration(threeSteps);
  await client.waitForOrchestrationCompletion(id);
  return counter.replays;
}

it("counts nothing while orchestrations stay in the worker's memory", async () => {
  expect(await countReplays(undefined)).toEqual({ turns: 0, events: 0 });
});

it("counts every turn but the first, and its past, where the worker keeps nothing", async () => {
  // The first turn leaves three events, each later one adds three to the past of the next.
  expect(await countReplays(false)).toEqual({ turns: 3, events: 3 + 6 + 9 });
});
