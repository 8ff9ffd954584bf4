import {
  defineActivity,
  defineOrchestrator,
  silentLogger,
  TaskHubWorker,
  whenAll,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

// Works on a task hub in a file until nothing is left to do. The activity "poison" kills the process that it runs in.
const hub = await openTaskHub(process.argv[2] ?? "", { logger: silentLogger, maxAttempts: 2 });
const poison = defineActivity("poison", () => void process.kill(process.pid, "SIGKILL"));
const good = defineActivity("good", (_, input: number) => input * 2);
const doomed = defineOrchestrator("doomed", async (ctx) => {
  const neighbours = [ctx.callActivity(good, 1), ctx.callActivity(good, 2)];
  try {
    await ctx.callActivity(poison);
    return "never";
  } catch (error) {
    const results = await whenAll(neighbours);
    return `${error instanceof Error ? error.message : "?"} ${results.join()}`;
  }
});
const sound = defineOrchestrator("sound", async (ctx) => {
  let sum = 0;
  for (let index = 0; index < 5; index++) sum += await ctx.callActivity(good, index);
  return sum;
});
const worker = new TaskHubWorker(hub, { logger: silentLogger });
await worker.register(poison, good, doomed, sound).start();
while (hub.stats().liveInstances > 0) await new Promise((resolve) => setTimeout(resolve, 10));
await worker.stop();
await hub.close();
