// What a newcomer writes first: compiled and run by check-consumer.ts against the packed packages.
import {
  defineActivity,
  defineOrchestrator,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";

const hello = defineActivity("hello", async (_, name: string) => `Hello, ${name}!`);

const greetAll = defineOrchestrator("greetAll", async (ctx, names: string[]) => {
  const greetings = await Promise.all(names.map((name) => ctx.callActivity(hello, name)));
  await ctx.createTimer({ milliseconds: 1 });
  return greetings;
});

const file = join(mkdtempSync(join(import.meta.dirname, "hub-")), "tasks.db");
await using transport = await openTaskHub(file);
await using worker = new TaskHubWorker(transport).register(hello, greetAll);
await worker.start();

const client = new TaskHubClient(transport);
const id = await client.scheduleNewOrchestration(greetAll, ["Ada", "Grace"]);
const state = await client.waitForOrchestrationCompletion(id);
const greetings: readonly string[] = state.output ?? [];
console.log(greetings.join("\n"));
