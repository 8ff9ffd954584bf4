// Sub-orchestrations: an orchestration made of orchestrations, each with an instance id and a history of its own.
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defineActivity,
  defineOrchestrator,
  NonRetriableError,
  TaskFailedError,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

class OutOfReach extends NonRetriableError {
  override name = "OutOfReach";
}

const install = defineActivity("install", async (_, device: string) => {
  if (device === "meter 9") throw new OutOfReach("meter 9 does not answer");
  console.log(`${device}: installed`);
});

// The child: what happens to one device. It can be started on its own, too.
const updateDevice = defineOrchestrator("updateDevice", async (ctx, device: string) => {
  await ctx.callActivity(install, device);
  await ctx.createTimer({ milliseconds: 100 }); // time to restart
  return `${device} is up to date`;
});

// The parent: all devices of a site, side by side. A child's failure arrives as the child threw it, and is handled here.
const updateSite = defineOrchestrator("updateSite", async (ctx, devices: string[]) => {
  const updates = devices.map(async (device) => {
    try {
      return await ctx.callSubOrchestrator(updateDevice, device, {
        instanceId: `${ctx.instanceId}-${device.replace(" ", "-")}`,
      });
    } catch (error) {
      if (error instanceof TaskFailedError && error.isCausedBy("OutOfReach")) {
        return `${device} needs a visit`;
      }
      throw error; // anything else fails the parent
    }
  });
  return await Promise.all(updates);
});

await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
await using hub = await openTaskHub(join(folder.path, "tasks.db"));
await using worker = new TaskHubWorker(hub).register(install, updateDevice, updateSite);
await worker.start();

const client = new TaskHubClient(hub);
const meters = ["meter 7", "meter 8", "meter 9"];
const id = await client.scheduleNewOrchestration(updateSite, meters, { instanceId: "turin" });
const { output } = await client.waitForOrchestrationCompletion(id);
console.log(output.join("\n"));
for await (const { instanceId, status } of client.getAllInstances()) {
  console.log(`${instanceId.padEnd(16)}${status}`);
}
