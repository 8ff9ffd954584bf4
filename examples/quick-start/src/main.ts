import {
  defineActivity,
  defineOrchestrator,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

const hello = defineActivity("hello", async (_, name: string) => `Hello, ${name}!`);

const greetAll = defineOrchestrator("greetAll", async (ctx, names: string[]) => {
  const greetings = await Promise.all(names.map((name) => ctx.callActivity(hello, name)));
  await ctx.createTimer({ seconds: 1 }); // survives a restart, as everything here does
  return greetings;
});

await using hub = await openTaskHub("./tasks.db");
await using worker = new TaskHubWorker(hub).register(hello, greetAll);
await worker.start();

const client = new TaskHubClient(hub);
const id = await client.scheduleNewOrchestration(greetAll, ["Ada", "Grace"]);
const state = await client.waitForOrchestrationCompletion(id);
console.log(state.output); // string[]: [ 'Hello, Ada!', 'Hello, Grace!' ]
