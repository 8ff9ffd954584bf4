// Run by watchdog.test.ts: an activity that holds the event loop until a line is written to this process. It ends when nothing more
// will be.
import { readSync, writeSync } from "node:fs";
import { finished } from "node:stream/promises";
import { openMemoryTaskHub } from "@durabletask/backend";
import {
  defineActivity,
  defineOrchestrator,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";

const spin = defineActivity("spin", () => {
  writeSync(1, "holding\n");
  readSync(0, Buffer.alloc(1));
  return "done";
});
const main = defineOrchestrator("main", async (ctx) => ctx.callActivity(spin));

await using hub = await openMemoryTaskHub();
const worker = new TaskHubWorker(hub, { watchdog: { milliseconds: 400 } }).register(spin, main);
await worker.start();
const client = new TaskHubClient(hub);
const id = await client.scheduleNewOrchestration(main, undefined, { instanceId: "busy" });
console.log((await client.waitForOrchestrationCompletion(id)).output);
await finished(process.stdin.resume());
await worker.stop();
