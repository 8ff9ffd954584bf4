// Query and history: find orchestrations by what is known of them, and read what happened to one.
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defineActivity,
  defineOrchestrator,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

const resize = defineActivity("resize", async (_, picture: string) => {
  if (picture.endsWith("5.png")) throw new Error("not a picture");
  return picture.replace(".png", "-small.png");
});

const thumbnail = defineOrchestrator("thumbnail", async (ctx, picture: string) => {
  ctx.setCustomStatus("resizing");
  const small = await ctx.callActivity(resize, picture);
  await ctx.createTimer({ milliseconds: 20 });
  return small;
});

await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
await using hub = await openTaskHub(join(folder.path, "tasks.db"));
await using worker = new TaskHubWorker(hub).register(resize, thumbnail);
await worker.start();

const client = new TaskHubClient(hub);
const ids = await Promise.all(
  [1, 2, 3, 4, 5, 6, 7].map((n) =>
    client.scheduleNewOrchestration(thumbnail, `${n}.png`, { instanceId: `holiday-${n}` }),
  ),
);
for (const id of ids) await client.waitForOrchestrationCompletion(id);

// By pages, for a list with a "more" button: the token of one page leads to the next, in another process too.
const query = { instanceIdPrefix: "holiday-", statuses: ["COMPLETED"], pageSize: 4 } as const;
for await (const page of client.getAllInstances(query).byPage()) {
  console.log("page:", page.orchestrations.map((state) => state.instanceId).join(" "));
}

// Or one by one. Inputs and outputs are fetched if they are asked for.
for await (const state of client.getAllInstances({ statuses: ["FAILED"], fetchPayloads: true })) {
  const reason = state.failure?.innerFailure?.errorMessage;
  console.log(`failed: ${state.instanceId} with ${String(state.input)}: ${reason}`);
}

// The history as typed events: `type` tells which fields there are.
for (const event of await client.getOrchestrationHistory("holiday-1")) {
  if (event.type === "taskScheduled")
    console.log(`#${event.eventId} ${event.name}(${event.input})`);
  if (event.type === "taskCompleted") console.log(`#${event.taskScheduledId} gave ${event.result}`);
  if (event.type === "timerCreated") console.log(`#${event.eventId} timer`);
}

// And in the JSON form that all SDKs of the family share: to keep, to look at, to replay in a test.
const json = await client.getOrchestrationHistoryAsJson("holiday-1");
console.log(`${json.length} events, the second one:`, json[1]);
