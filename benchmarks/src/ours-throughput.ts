import {
  defineActivity,
  defineOrchestrator,
  silentLogger,
  TaskHubClient,
  TaskHubWorker,
  whenAll,
} from "@durabletask/core";
import type { EmbeddedTaskHub } from "@durabletask/backend";
import { report, workFromArguments } from "./measurement.ts";
import { manyInstances, measureThroughput } from "./throughput.ts";

/** Measures our worker and client on an embedded hub, and closes it. */
export async function measureOurs(
  hub: EmbeddedTaskHub,
  style: "async" | "generator",
  measure: typeof measureThroughput = measureThroughput,
): Promise<void> {
  const workload = workFromArguments(manyInstances);
  const hello = defineActivity("hello", (_ctx, n: number) => n);
  const inputs = Array.from({ length: workload.activities }, (_, n) => n);
  const isFanOut = workload.shape === "fan-out";
  const add = (sum: number, n: number): number => sum + n;
  const async = defineOrchestrator("sequence", async (ctx) => {
    if (isFanOut)
      return (await whenAll(inputs.map((n) => ctx.callActivity(hello, n)))).reduce(add, 0);
    let sum = 0;
    for (let i = 0; i < workload.activities; i += 1) sum += await ctx.callActivity(hello, i);
    return sum;
  });
  const generator = defineOrchestrator("sequence", function* (ctx) {
    if (isFanOut)
      return (yield* whenAll(inputs.map((n) => ctx.callActivity(hello, n)))).reduce(add, 0);
    let sum = 0;
    for (let i = 0; i < workload.activities; i += 1) sum += yield* ctx.callActivity(hello, i);
    return sum;
  });
  const sequence = style === "async" ? async : generator;
  const worker = new TaskHubWorker(hub, { logger: silentLogger }).register(hello, sequence);
  await worker.start();
  const client = new TaskHubClient(hub);
  const expected = (workload.activities * (workload.activities - 1)) / 2;
  const measurement = await measure(
    workload,
    async () => {
      const id = await client.scheduleNewOrchestration(sequence);
      const { output } = await client.waitForOrchestrationCompletion(id);
      if (output !== expected) throw new Error(`the output is ${output}, not ${expected}`);
    },
    () => {
      const { commits, rows } = hub.stats();
      return { commits, rows };
    },
  );
  const { millisecondsPerCommit = 0 } = hub.stats();
  await worker.stop();
  await hub.close();
  const commitsEach = (measurement["commits"] ?? 0) / workload.orchestrations;
  report({ ...measurement, commitsEach, millisecondsPerCommit });
}
