import { appendFileSync } from "node:fs";
import {
  defineActivity,
  defineOrchestrator,
  silentLogger,
  TaskHubWorker,
  whenAll,
} from "@durabletask/core";
import { createGrpcTransport } from "@durabletask/grpc";

// Runs what the toy worker runs, as our worker does it, on a server that comes and goes, until somebody kills it. Each activity is
// first written to a journal: `activity <id> <task>`.
const [baseUrl = "", journal = ""] = process.argv.slice(2);

const act = defineActivity("act", async ({ instanceId, taskId }) => {
  appendFileSync(journal, `activity ${instanceId} ${taskId}\n`);
  return taskId;
});
const child = defineOrchestrator("child", async (ctx) => {
  await ctx.callActivity(act);
  return "child";
});
const parent = defineOrchestrator("parent", async (ctx, input?: string): Promise<string> => {
  await whenAll([ctx.callActivity(act), ctx.callActivity(act)]);
  await ctx.createTimer({ milliseconds: 5 });
  await ctx.callSubOrchestrator(child);
  if (input === "again") return "done";
  return ctx.continueAsNew("again");
});

const worker = new TaskHubWorker(createGrpcTransport({ baseUrl }), { logger: silentLogger });
await worker.register(act, child, parent).start();
