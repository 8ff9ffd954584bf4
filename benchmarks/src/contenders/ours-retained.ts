import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defineActivity,
  defineOrchestrator,
  silentLogger,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";
import { heapInUse } from "../heap.ts";
import { report, workFromArguments } from "../measurement.ts";

// A file with ended and with waiting instances, then: how long it takes to open, what those that wait hold, what work costs.
const { ended, open, measured } = workFromArguments({
  ended: 10_000,
  open: 10_000,
  measured: 2_000,
});
const folder = await mkdtemp(join(process.env["BENCH_DIR"] ?? tmpdir(), "durabletask-bench-"));
const hello = defineActivity("hello", (_, n: number) => n);
const sequence = defineOrchestrator("sequence", async (ctx) => {
  for (let i = 0; i < 5; i += 1) await ctx.callActivity(hello, i);
});
const short = defineOrchestrator("short", async () => undefined);
const waits = defineOrchestrator("waits", async (ctx) => ctx.waitForExternalEvent("go"));
// No history is kept in memory: what is left is what the hub itself holds.
const openHub = async () => await openTaskHub(join(folder, "tasks.db"), { maxHistoryEvents: 0 });
const startWorker = async (hub: Awaited<ReturnType<typeof openHub>>) =>
  await new TaskHubWorker(hub, { logger: silentLogger })
    .register(hello, sequence, short, waits)
    .start();
try {
  await prepare();
  const before = await heapInUse();
  const begun = performance.now();
  const hub = await openHub();
  const openMs = performance.now() - begun;
  const bytesEach = ((await heapInUse()) - before) / open;
  const residentMB = process.memoryUsage.rss() / 1e6;
  const worker = await startWorker(hub);
  const client = new TaskHubClient(hub);
  await inLanes(measured / 5, async () => await run(client));
  const cpu = process.cpuUsage();
  await inLanes(measured, async () => await run(client));
  const { user, system } = process.cpuUsage(cpu);
  const cpuMicrosPerOrchestration = (user + system) / measured;
  await worker.stop();
  await hub.close();
  report({ openMs, bytesEach, residentMB, cpuMicrosPerOrchestration });
} finally {
  await rm(folder, { recursive: true });
}

async function prepare(): Promise<void> {
  const hub = await openHub();
  const worker = await startWorker(hub);
  const client = new TaskHubClient(hub);
  await inLanes(ended, async () => {
    await client.waitForOrchestrationCompletion(await client.scheduleNewOrchestration(short));
  });
  await inLanes(open, async () => {
    await client.waitForOrchestrationStart(await client.scheduleNewOrchestration(waits));
  });
  await worker.stop();
  await hub.close();
}

async function run(client: TaskHubClient): Promise<void> {
  await client.waitForOrchestrationCompletion(await client.scheduleNewOrchestration(sequence));
}

async function inLanes(count: number, action: () => Promise<void>): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await action();
    }
  };
  await Promise.all(Array.from({ length: 500 }, lane));
}
