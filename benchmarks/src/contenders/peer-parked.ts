import {
  ConsoleLogger,
  InMemoryOrchestrationBackend,
  type OrchestrationContext,
  TestOrchestrationClient,
  TestOrchestrationWorker,
} from "@microsoft/durabletask-js";
import { setTimeout as sleep } from "node:timers/promises";
import { heapInUse } from "../heap.ts";
import { report, workFromArguments } from "../measurement.ts";

// Its test worker takes no logger; muting the prototype favours the peer.
for (const level of ["error", "warn", "info", "debug", "logEvent"] as const) {
  ConsoleLogger.prototype[level] = () => {};
}

const { instances } = workFromArguments({ instances: 10_000 });
let waiting = 0;
const backend = new InMemoryOrchestrationBackend();
const client = new TestOrchestrationClient(backend);
const worker = new TestOrchestrationWorker(backend);
worker.addNamedOrchestrator("parked", async function* (ctx: OrchestrationContext): AsyncGenerator<
  unknown,
  unknown,
  unknown
> {
  waiting += 1;
  return yield ctx.waitForExternalEvent("go");
});
await worker.start();
await park(instances / 10);
const before = await heapInUse();
await park(instances);
report({ bytesEach: ((await heapInUse()) - before) / instances });
process.exit(0);

async function park(count: number): Promise<void> {
  const expected = waiting + count;
  for (let i = 0; i < count; i += 1) await client.scheduleNewOrchestration("parked", "0");
  while (waiting < expected) await sleep(10);
}
