import { appendFileSync } from "node:fs";
import { silentLogger } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { openTaskHub } from "@durabletask/sqlite";
import { runToyWorker } from "../toy-worker.ts";

// Starts orchestrations and runs them on a task hub in a file, as fast as it goes, until somebody kills it. The last argument says whether the
// store has a thread. Whatever was
// acknowledged or has run is first written to a journal, one line each: `start <id>`, `activity <id> <task>`.
const [file = "", journal = "", prefix = "", thread = "true"] = process.argv.slice(2);
const note = (line: string) => appendFileSync(journal, `${line}\n`);

const hub = await openTaskHub(file, { logger: silentLogger, thread: thread === "true" });
const service = createTaskHubService(hub);
const worker = runToyWorker(hub, {
  now: Date.now,
  onActivity: (instanceId, taskId) => note(`activity ${instanceId} ${taskId}`),
});
const start = async (lane: number) => {
  for (let index = 0; ; index++) {
    const instanceId = `${prefix}-${lane}-${index}`;
    await service.startInstance({ instanceId, name: "parent" });
    note(`start ${instanceId}`);
    await service.waitForInstanceStart({ instanceId });
  }
};
console.log("ready");
await Promise.all([worker, start(0), start(1), start(2)]);
