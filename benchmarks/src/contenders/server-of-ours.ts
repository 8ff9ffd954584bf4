import { NoOpLogger, TaskHubGrpcClient } from "@microsoft/durabletask-js";
import { report, workFromArguments } from "../measurement.ts";
import { median } from "../statistics.ts";
import { WireProcess } from "../wire/process.ts";

// What the peer's worker and client do on a server of ours, each in a process of its own.
const work = workFromArguments({
  orchestrations: 1000,
  activities: 5,
  inFlight: 64,
  latencies: 200,
  fanOut: 1000,
  chain: 300,
  /** Whether plain gRPC takes the lean way. */
  isLean: true,
  /** Whether the store runs in a thread of its own. */
  thread: true,
});

const server = new WireProcess("server.ts", {
  store: "sqlite",
  isLean: work.isLean,
  thread: work.thread,
});
const url = String((await server.answer())["url"]);
const worker = new WireProcess("peer-patterns-worker.ts", { url });
await worker.answer();
const client = new TaskHubGrpcClient({
  hostAddress: new URL(url).host,
  logger: new NoOpLogger(),
});

await runMany(Math.ceil(work.orchestrations / 5));
const cpuBefore = await cpuMsOf(server);
const begin = performance.now();
await runMany(work.orchestrations);
const seconds = (performance.now() - begin) / 1000;
const cpuAfter = await cpuMsOf(server);

const latencies: number[] = [];
for (let n = 0; n < work.latencies; n += 1) latencies.push(await timeOf("chain", 1));
const fanOuts: number[] = [];
const chains: number[] = [];
const chainWorkers: number[] = [];
for (let n = 0; n < 3; n += 1) {
  fanOuts.push(await timeOf("fanOut", work.fanOut));
  const used = await cpuMsOf(worker);
  chains.push(await timeOf("chain", work.chain));
  chainWorkers.push((await cpuMsOf(worker)) - used);
}

report({
  orchestrationsPerSecond: work.orchestrations / seconds,
  serverCpuMs: (cpuAfter - cpuBefore) / work.orchestrations,
  latencyMs: median(latencies),
  fanOutMs: median(fanOuts),
  chainMs: median(chains),
  chainWorkerCpuMs: median(chainWorkers),
});
await client.stop();
await worker.stop();
await server.ask("stop");
await server.stop();

async function runMany(count: number): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await timeOf("chain", work.activities);
    }
  };
  await Promise.all(Array.from({ length: work.inFlight }, lane));
}

/** Runs an orchestration, checks its output, and gives the milliseconds that it took. */
async function timeOf(name: string, activities: number): Promise<number> {
  const start = performance.now();
  const id = await client.scheduleNewOrchestration(name, activities);
  const state = await client.waitForOrchestrationCompletion(id, true, 600);
  const expected = String((activities * (activities - 1)) / 2);
  if (state?.serializedOutput !== expected) {
    throw new Error(`the output is ${state?.serializedOutput}, not ${expected}`);
  }
  return performance.now() - start;
}

async function cpuMsOf(process: WireProcess): Promise<number> {
  return Number((await process.ask("cpu"))["micros"]) / 1000;
}
