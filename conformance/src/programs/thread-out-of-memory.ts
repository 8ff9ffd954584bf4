// Run by store-thread.test.ts in a process with little memory and a preload that, in a thread, eats all of it when told so.
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { TaskHubError } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { openTaskHub } from "@durabletask/sqlite";
import { runOutOfMemory } from "../hungry-thread.ts";

const started = once(process, "worker");
await using hub = await openTaskHub(process.argv[2] ?? "", { logger: {} });
const [thread] = (await started) as [Worker];
const service = createTaskHubService(hub);
const start = async (instanceId: string): Promise<string> => {
  try {
    await service.startInstance({ instanceId, name: "main" });
    return "started";
  } catch (error) {
    if (!(error instanceof TaskHubError)) throw error;
    return error.code;
  }
};
await start("before");
const ended = once(thread, "error");
runOutOfMemory(thread);
const during = await start("during");
const [{ code }] = (await ended) as [{ code: string }];
while ((await start("after")) !== "started")
  await new Promise((resolve) => setTimeout(resolve, 20));
const { orchestrationState } = await service.queryInstances({ query: {} });
const ids = orchestrationState.map(({ instanceId }) => instanceId);
console.log(JSON.stringify({ thread: code, during, ids }));
