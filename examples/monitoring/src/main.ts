// Monitoring: look at something that nobody reports on, less and less often, until it is done or the time is up.
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

/** The world outside: how often somebody has to look until the job is done. */
const looksLeft = new Map([
  ["short film", 3],
  ["long film", 100],
]);

const look = defineActivity("look", async (_, job: string) => {
  const left = (looksLeft.get(job) ?? 0) - 1;
  looksLeft.set(job, left);
  console.log(`${job}: ${left > 0 ? "still at work" : "done"}`);
  return left <= 0;
});

interface Watch {
  readonly job: string;
  /** When to give up. Dates travel as JSON does it: as text. */
  readonly deadline: string;
  readonly looks: number;
}

/** How long to wait after each look, and after the last of these for ever as long. In earnest the first ones would be minutes. */
const pausesMs = [50, 100, 3_600_000];

const monitor = defineOrchestrator("monitor", async (ctx, watch: Watch) => {
  const looks = watch.looks + 1;
  if (await ctx.callActivity(look, watch.job)) return `done at look ${looks}`;
  ctx.setCustomStatus({ looks });

  // The time comes from the context: it is the same when the code is replayed.
  const pauseMs = pausesMs[watch.looks] ?? 3_600_000;
  const next = new Date(ctx.currentUtcDateTime.getTime() + pauseMs);
  if (next > new Date(watch.deadline)) return `given up after ${looks} looks`;
  await ctx.createTimer(next);

  // Not a loop: each round begins with an empty history, however many there are.
  return ctx.continueAsNew({ ...watch, looks });
});

await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
await using hub = await openTaskHub(join(folder.path, "tasks.db"));
await using worker = new TaskHubWorker(hub).register(look, monitor);
await worker.start();

const client = new TaskHubClient(hub);
for (const job of looksLeft.keys()) {
  const deadline = new Date(Date.now() + 1_800_000).toISOString();
  const watch = { job, deadline, looks: 0 };
  const id = await client.scheduleNewOrchestration(monitor, watch);
  const { output } = await client.waitForOrchestrationCompletion(id);
  console.log(`${job}: ${output}`);
}
