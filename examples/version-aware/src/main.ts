// Version-aware orchestrators: the code changes while instances are under way, and each keeps the rules it began with.
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defineActivity,
  defineOrchestrator,
  type Registrable,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

const send = defineActivity("send", async (_, text: string) => text);

// The first deployment.
const invoice = defineOrchestrator("invoice", async (ctx) => {
  await ctx.waitForExternalEvent("delivered");
  return [await ctx.callActivity(send, "invoice by letter")];
});
const reminder = defineOrchestrator("reminder", { version: "1.0" }, async (ctx) => {
  await ctx.waitForExternalEvent("delivered");
  return [await ctx.callActivity(send, "reminder by letter")];
});

// The second one. Where little changes, one function asks what its instance began as. Its history has no place for the
// new step if it began as 1.0: without the question, replay would fail it with NON_DETERMINISM.
const invoiceNow = defineOrchestrator("invoice", async (ctx) => {
  await ctx.waitForExternalEvent("delivered");
  const sent = [await ctx.callActivity(send, "invoice by letter")];
  if (ctx.compareVersionTo("2.0") >= 0) sent.push(await ctx.callActivity(send, "invoice by mail"));
  return sent;
});
// Where much changes, both functions live side by side, under one name. Once the last 1.0 has ended, the old one can go.
const reminderNow = defineOrchestrator("reminder", { version: "2.0" }, async (ctx) => {
  const delivered = ctx.waitForExternalEvent("delivered");
  const sent = [await ctx.callActivity(send, "announcement by mail")];
  await delivered;
  return [...sent, await ctx.callActivity(send, "reminder by mail")];
});

await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
await using hub = await openTaskHub(join(folder.path, "tasks.db"));
const deployments: readonly [version: string, ...code: Registrable[]][] = [
  ["1.0", invoice, reminder],
  ["2.0", invoiceNow, reminder, reminderNow],
];

const ids: string[] = [];
for (const [defaultVersion, ...code] of deployments) {
  await using worker = new TaskHubWorker(hub).register(send, ...code);
  await worker.start();
  const client = new TaskHubClient(hub, { defaultVersion });
  for (const name of ["invoice", "reminder"]) ids.push(await client.scheduleNewOrchestration(name));
  for (const id of ids.slice(-2)) await client.waitForOrchestrationStart(id);
  if (defaultVersion === "1.0") continue; // the process ends here, with two instances under way

  for (const id of ids) {
    await client.raiseOrchestrationEvent(id, "delivered");
    const { name, version, output } = await client.waitForOrchestrationCompletion(id);
    console.log(`${name} ${version}:`, output);
  }
}
