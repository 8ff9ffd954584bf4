// Rolling deployment: workers of two versions on one task hub. Each instance runs where its version fits; nothing fails.
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defineActivity,
  defineOrchestrator,
  TaskHubClient,
  TaskHubWorker,
  type WorkerVersioning,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
await using hub = await openTaskHub(join(folder.path, "tasks.db"));

/** The program as it is deployed, one version after the other. It tells which of its workers does the work. */
async function deploy(version: string, matchStrategy: WorkerVersioning["matchStrategy"]) {
  const bake = defineActivity("bake", { version }, async (_, cake: string) => {
    return `${cake}, by worker ${version}`;
  });
  const order = defineOrchestrator("order", async (ctx, cake: string) => {
    await ctx.waitForExternalEvent("paid");
    return await ctx.callActivity(bake, cake);
  });
  // "reject" hands back what does not fit, for a worker that it does fit. With "fail" it would fail.
  const versioning: WorkerVersioning = { version, matchStrategy, failureStrategy: "reject" };
  // "auto" asks the hub only for what is registered here. Otherwise a worker would be given the other version's activity,
  // too, and fail it as unknown.
  const worker = new TaskHubWorker(hub, { versioning, workItemFilters: "auto" });
  return await worker.register(bake, order).start();
}

const client = new TaskHubClient(hub);
for (const matchStrategy of ["strict", "currentOrOlder"] as const) {
  const old = await deploy("1.0", matchStrategy);
  const first = await client.scheduleNewOrchestration<string>("order", "sponge", {
    version: "1.0",
  });
  await client.waitForOrchestrationStart(first);

  // A client that is ahead of the workers: this waits for a worker that it fits.
  const second = await client.scheduleNewOrchestration<string>("order", "trifle", {
    version: "2.0",
  });
  const early = await client.getOrchestrationState(second);
  console.log(`${matchStrategy}, order 2.0, before its worker is there: ${early?.status}`);

  const fresh = await deploy("2.0", matchStrategy);
  await client.waitForOrchestrationStart(second);

  // "currentOrOlder": the new worker takes over what the old one has begun, which can go at once.
  // "strict": the old one has to stay until the last instance of its version has ended.
  if (matchStrategy === "currentOrOlder") await old.stop();
  for (const id of [first, second]) {
    await client.raiseOrchestrationEvent(id, "paid");
    const { version, output } = await client.waitForOrchestrationCompletion(id);
    console.log(`${matchStrategy}, order ${version}: ${output}`);
  }
  await Promise.all([old.stop(), fresh.stop()]);
}

let failed = 0;
for await (const _ of client.getAllInstances({ statuses: ["FAILED"] })) failed += 1;
console.log(`${failed} failed`);
