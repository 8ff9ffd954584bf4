import {
  type ActivityContext,
  ConsoleLogger,
  InMemoryOrchestrationBackend,
  type OrchestrationContext,
  whenAll,
  TestOrchestrationClient,
  TestOrchestrationWorker,
} from "@microsoft/durabletask-js";
import { report, workFromArguments } from "../measurement.ts";
import { manyInstances, measureThroughput } from "../throughput.ts";

// Its test worker takes no logger; muting the prototype favours the peer.
for (const level of ["error", "warn", "info", "debug", "logEvent"] as const) {
  ConsoleLogger.prototype[level] = () => {};
}

const workload = workFromArguments(manyInstances);

const hello = (_ctx: ActivityContext, n: number): number => n;

const sequence = async function* (
  ctx: OrchestrationContext,
): AsyncGenerator<unknown, number, never> {
  let sum = 0;
  if (workload.shape === "fan-out") {
    const inputs = Array.from({ length: workload.activities }, (_, n) => n);
    const results: number[] = yield whenAll(inputs.map((n) => ctx.callActivity("hello", n)));
    return results.reduce((total, n) => total + n, 0);
  }
  for (let i = 0; i < workload.activities; i += 1) sum += yield ctx.callActivity("hello", i);
  return sum;
};

const backend = new InMemoryOrchestrationBackend();
const client = new TestOrchestrationClient(backend);
const worker = new TestOrchestrationWorker(backend);
worker.addNamedActivity("hello", hello);
worker.addNamedOrchestrator("sequence", sequence);
await worker.start();
const expected = (workload.activities * (workload.activities - 1)) / 2;
const measurement = await measureThroughput(workload, async () => {
  const id = await client.scheduleNewOrchestration("sequence");
  const state = await client.waitForOrchestrationCompletion(id, true, 600);
  if (state?.serializedOutput !== String(expected)) {
    throw new Error(`the output is ${state?.serializedOutput}, not ${expected}`);
  }
});
await worker.stop();
report(measurement);
process.exit(0);
