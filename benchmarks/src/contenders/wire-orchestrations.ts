import { report, workFromArguments } from "../measurement.ts";
import { type Answer, WireProcess } from "../wire/process.ts";

/** What one measurement of workers on the wire is told. */
const work = workFromArguments({
  orchestrations: 1000,
  activities: 5,
  inFlight: 64,
  store: "sqlite",
  worker: "our-worker.ts",
  sessions: true,
  path: "lean",
});

const server = new WireProcess("server.ts", work);
const { url } = await server.answer();
const worker = new WireProcess(work.worker, { ...work, url });
await worker.answer();
const client = new WireProcess("client.ts", { ...work, url });
await client.answer();

await client.ask("warmUp");
const before = await cpuTimes();
const measured = await client.ask("measure");
const after = await cpuTimes();
const { orchestrations, activities } = work;
// A turn more than there are activities: the first one has no result to begin with.
const workItems = orchestrations * (2 * activities + 1);
const [serverMicros = 0, workerMicros = 0, clientMicros = 0] = after.map(
  ({ micros }, i) => Number(micros) - Number(before[i]?.["micros"]),
);
await server.ask("stop");
await Promise.all([server, worker, client].map((each) => each.stop()));
report({
  orchestrationsPerSecond: Number(measured["orchestrationsPerSecond"]),
  p50: Number(measured["p50"]),
  workerMicrosPerItem: workerMicros / workItems,
  serverMicrosPerOrchestration: serverMicros / orchestrations,
  clientMicrosPerOrchestration: clientMicros / orchestrations,
});

async function cpuTimes(): Promise<readonly Answer[]> {
  const times: Answer[] = [];
  for (const each of [server, worker, client]) times.push(await each.ask("cpu"));
  return times;
}
