// Run by unhandled-rejections.test.ts. `helper` lets an orchestrator's helper fail long before it is awaited; `foreign`
// rejects a promise that has nothing to do with orchestrations.
import { setTimeout } from "node:timers/promises";
import { openMemoryTaskHub } from "@durabletask/backend";
import {
  defineActivity,
  defineOrchestrator,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";

const fails = defineActivity("fails", () => {
  throw new Error("early");
});
const late = defineOrchestrator("late", async (ctx) => {
  const helper = (async () => {
    await ctx.callActivity(fails);
  })();
  await ctx.createTimer({ milliseconds: 100 });
  try {
    await helper;
    return "no failure";
  } catch {
    return "caught late";
  }
});

await using hub = await openMemoryTaskHub();
await using worker = await new TaskHubWorker(hub).register(fails, late).start();
const client = new TaskHubClient(hub);
const id = await client.scheduleNewOrchestration(late);
if (process.argv[2] === "foreign") {
  void Promise.reject(new Error("nobody handles this"));
  await setTimeout(1000);
}
console.log((await client.waitForOrchestrationCompletion(id)).output);
await worker.stop();
