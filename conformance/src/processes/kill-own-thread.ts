import { appendFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import type { EmbeddedTaskHub } from "@durabletask/backend";
import { silentLogger } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { openTaskHub } from "@durabletask/sqlite";
import { runOutOfMemory } from "../hungry-thread.ts";
import { runToyWorker } from "../toy-worker.ts";

// Works on a task hub in a file, and ends its thread at random moments so many times: it is killed, or runs out of memory. Says at
// the end how often which of the two was. Keeps a journal as run-until-killed.ts does.
const [file = "", journal = "", times = "0"] = process.argv.slice(2);
const note = (line: string) => appendFileSync(journal, `${line}\n`);

// A hub whose thread has ended holds no process.
const held = setInterval(() => undefined, 1_000);
const ends = { killed: 0, outOfMemory: 0 };
let thread: Worker | undefined;
process.on("worker", (worker) => {
  thread = worker;
  worker.once("error", (error) => {
    if ("code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY") ends.outOfMemory++;
  });
});

const hub = await openTaskHub(file, { logger: silentLogger });
const service = createTaskHubService(hub);
let isOver = false;
// The hub ends all streams when it fails, and refuses everybody until it is open again.
const untilOver = async (work: () => Promise<void>) => {
  while (!isOver) await work().catch(() => setTimeout(5));
};
const work = untilOver(() =>
  runToyWorker(hub, {
    now: Date.now,
    onActivity: (instanceId, taskId) => note(`activity ${instanceId} ${taskId}`),
  }),
);
let starts = 0;
const start = async () => {
  const instanceId = `i${starts++}`;
  await service.startInstance({ instanceId, name: "parent" });
  note(`start ${instanceId}`);
  await service.waitForInstanceCompletion({ instanceId });
};
const lanes = [untilOver(start), untilOver(start), untilOver(start)];
while (ends.killed + ends.outOfMemory < Number(times)) {
  await setTimeout(5 + Math.random() * 120);
  // A thread that ends while it starts has not worked yet, and each such end makes the hub wait longer.
  if (!thread || !isOpen(hub)) continue;
  const victim = thread;
  thread = undefined;
  await endThread(victim);
}
isOver = true;
await Promise.all(lanes);
await hub.close();
await work;
clearInterval(held);
console.log(JSON.stringify(ends));

async function endThread(victim: Worker): Promise<void> {
  if (ends.outOfMemory === 0 || Math.random() < 0.5) {
    // What `once` of node:events gives would reject with the error.
    const ended = new Promise((resolve) => victim.once("exit", resolve));
    runOutOfMemory(victim);
    await ended;
  } else {
    await victim.terminate();
    ends.killed++;
  }
}

function isOpen(hub: EmbeddedTaskHub): boolean {
  try {
    return hub.stats().commits > 0;
  } catch {
    return false;
  }
}
