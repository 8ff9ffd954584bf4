import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { TaskHubGrpcClient } from "@microsoft/durabletask-js";
import { report, workFromArguments } from "../measurement.ts";
import { silent } from "../peer-logger.ts";
import { median } from "../statistics.ts";

/** What the peer's worker and client do on a server of ours. */
interface ServerWork {
  readonly orchestrations: number;
  readonly activities: number;
  readonly inFlight: number;
  readonly latencies: number;
  readonly fanOut: number;
  readonly chain: number;
  /** Whether plain gRPC takes the lean way. */
  readonly isLean: boolean;
}

const work = workFromArguments<ServerWork>({
  orchestrations: 1000,
  activities: 5,
  inFlight: 64,
  latencies: 200,
  fanOut: 1000,
  chain: 300,
  isLean: true,
});

const server = start("serve-sqlite.ts", work.isLean ? "lean" : "Connect");
const [{ url }] = (await once(server, "message")) as [{ url: string }];
const worker = start("peer-worker.ts", new URL(url).host);
await once(worker, "message");
const client = new TaskHubGrpcClient({ hostAddress: new URL(url).host, logger: silent });

await many(Math.ceil(work.orchestrations / 5));
const before = await usage();
const begun = performance.now();
await many(work.orchestrations);
const seconds = (performance.now() - begun) / 1000;
const after = await usage();

const latencies: number[] = [];
for (let n = 0; n < work.latencies; n += 1) latencies.push(await time("sequence", 1));
const fanOuts: number[] = [];
const chains: number[] = [];
for (let n = 0; n < 3; n += 1) {
  fanOuts.push(await time("fanOut", work.fanOut));
  chains.push(await time("sequence", work.chain));
}

report({
  orchestrationsPerSecond: work.orchestrations / seconds,
  serverCpuMs: (after.cpuMs - before.cpuMs) / work.orchestrations,
  commits: (after.commits - before.commits) / work.orchestrations,
  latencyMs: median(latencies),
  fanOutMs: median(fanOuts),
  chainMs: median(chains),
});
await client.stop();
worker.disconnect();
server.disconnect();

async function many(count: number): Promise<void> {
  let left = count;
  const loop = async () => {
    while (left-- > 0) await time("sequence", work.activities);
  };
  await Promise.all(Array.from({ length: work.inFlight }, loop));
}

/** Runs an orchestration, checks its output, and gives the milliseconds that it took. */
async function time(name: string, activities: number): Promise<number> {
  const start = performance.now();
  const id = await client.scheduleNewOrchestration(name, activities);
  const state = await client.waitForOrchestrationCompletion(id, true, 600);
  const expected = String((activities * (activities - 1)) / 2);
  if (state?.serializedOutput !== expected) {
    throw new Error(`the output is ${state?.serializedOutput}, not ${expected}`);
  }
  return performance.now() - start;
}

async function usage(): Promise<{ readonly cpuMs: number; readonly commits: number }> {
  server.send("usage");
  const [used] = (await once(server, "message")) as [{ cpuMs: number; commits: number }];
  return used;
}

function start(program: string, ...args: string[]): ChildProcess {
  return fork(new URL(`../processes/${program}`, import.meta.url), args);
}
