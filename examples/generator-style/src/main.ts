// Generator style: one orchestrator, written in each of the ways that are understood.
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ActivityContext,
  defineActivity,
  defineOrchestrator,
  type OrchestrationContext,
  TaskHubClient,
  TaskHubWorker,
  whenAny,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

const distance = defineActivity("distance", async (_, city: string) => city.length * 100);

// An async function awaits tasks. This is the style of all other examples.
const awaiting = defineOrchestrator("awaiting", async (ctx, city: string) => {
  const there = await ctx.callActivity(distance, city);
  const back = await ctx.callActivity(distance, city);
  return `${there + back} km`;
});

// A generator with `yield*` is typed just as well, and needs no promises: it is the fastest to replay.
const delegating = defineOrchestrator("delegating", function* (ctx, city: string) {
  const there = yield* ctx.callActivity(distance, city);
  const back = yield* ctx.callActivity(distance, city);
  return `${there + back} km`;
});

// With a plain `yield` the compiler cannot know what comes back: say it yourself. This is how Durable Functions does it.
const yielding = defineOrchestrator("yielding", function* (ctx, city: string) {
  const there: number = yield ctx.callActivity(distance, city);
  const back: number = yield ctx.callActivity(distance, city);
  return `${there + back} km`;
});

// And this is a file as it was written for @microsoft/durabletask-js: plain named functions, called by themselves.
async function measure(_: ActivityContext, city: string): Promise<number> {
  return city.length * 100;
}
async function* roundTrip(ctx: OrchestrationContext, city: string) {
  const timeout = ctx.createTimer(new Date(ctx.currentUtcDateTime.getTime() + 60_000));
  const answer = ctx.callActivity(measure, city);
  const winner: unknown = yield whenAny([answer, timeout]);
  if (winner === timeout) return "too far";
  timeout.cancel();
  const there: number = yield answer;
  const back: number = yield ctx.callActivity(measure, city);
  return `${there + back} km`;
}

await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
await using hub = await openTaskHub(join(folder.path, "tasks.db"));
await using worker = new TaskHubWorker(hub).register(distance, awaiting, delegating, yielding);
await worker.addActivity(measure).addOrchestrator(roundTrip).start();

const client = new TaskHubClient(hub);
const ids = [
  await client.scheduleNewOrchestration(awaiting, "Rome"),
  await client.scheduleNewOrchestration(delegating, "Rome"),
  await client.scheduleNewOrchestration(yielding, "Rome"),
  await client.scheduleNewOrchestration(roundTrip, "Rome"),
];
for (const id of ids) {
  const { name, output } = await client.waitForOrchestrationCompletion(id);
  console.log(`${name}: ${output}`);
}
