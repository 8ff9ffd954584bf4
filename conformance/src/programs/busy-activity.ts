// Run by watchdog.test.ts: an activity that loops without awaiting.
import { openMemoryTaskHub } from "@durabletask/backend";
import {
  defineActivity,
  defineOrchestrator,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";

const spin = defineActivity("spin", () => {
  const end = Date.now() + 1500;
  while (Date.now() < end);
  return "done";
});
const main = defineOrchestrator("main", async (ctx) => ctx.callActivity(spin));

await using hub = await openMemoryTaskHub();
const worker = new TaskHubWorker(hub, { watchdog: { milliseconds: 400 } }).register(spin, main);
await worker.start();
// The thread is up before the loop begins.
await new Promise((resolve) => setTimeout(resolve, 500));
const client = new TaskHubClient(hub);
const id = await client.scheduleNewOrchestration(main, undefined, { instanceId: "busy" });
console.log((await client.waitForOrchestrationCompletion(id)).output);
await new Promise((resolve) => setTimeout(resolve, 300));
await worker.stop();
