// The order-processing application: one process with its task hub, a worker, a client, and the manager who approves.
// It knows nothing of being killed. Started again on the same files it does the same, and goes on where it was.
//
//     node src/application.ts <orders file> <folder of its files>
import { setTimeout as sleep } from "node:timers/promises";
import { TaskHubClient, TaskHubError, TaskHubWorker } from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";
import { createActivities } from "./activities.ts";
import { answerApprovals } from "./approver.ts";
import { demoFiles } from "./demo-files.ts";
import { Ledger } from "./ledger.ts";
import { createOrchestrators } from "./orchestrators.ts";
import { type Order, readOrders } from "./orders.ts";
import { ReplayCounter } from "./replay-counter.ts";
import type { Report } from "./report.ts";

/** Orders come in one after the other, so that one can watch. */
const intakeIntervalMs = 28;
const reportIntervalMs = 100;

const [ordersFile = "", folder = ""] = process.argv.slice(2);
// Nobody is left who could watch.
const leave = () => process.exit(1);
process.once("disconnect", leave);

const begunAt = performance.now();
const files = demoFiles(folder);
await using hub = await openTaskHub(files.hub);
using ledger = new Ledger(files.ledger);
const activities = createActivities(ledger);
const orchestrators = createOrchestrators(activities);
const transport = new ReplayCounter(hub);
await using worker = new TaskHubWorker(transport).register(
  ...Object.values(activities),
  ...Object.values(orchestrators),
);
await worker.start();
const openedInMs = performance.now() - begunAt;

const client = new TaskHubClient(transport);
const closing = new AbortController();
const approvals = answerApprovals(client, ledger, closing.signal);

// What had ended before this process began counts, too.
const ended = new Set<string>();
for await (const state of client.getAllInstances({ statuses: ["COMPLETED", "FAILED"] })) {
  if (state.parentInstanceId === undefined) ended.add(state.instanceId);
}
await report();
const reports = setInterval(() => void report(), reportIntervalMs);
const orders: Promise<void>[] = [];
for (const order of await readOrders(ordersFile)) {
  if (await accept(order)) await sleep(intakeIntervalMs);
  orders.push(followUp(order));
}
await Promise.all(orders);

closing.abort();
await approvals;
clearInterval(reports);
await report();
process.off("disconnect", leave).disconnect?.();

/** Starts an order's orchestration. False if it is known from before: the instance id makes it the only one. */
async function accept(order: Order): Promise<boolean> {
  const options = { instanceId: order.id, ifExists: "fail" } as const;
  try {
    await client.scheduleNewOrchestration(orchestrators.processOrder, order, options);
    return true;
  } catch (error) {
    if (error instanceof TaskHubError && error.code === "ALREADY_EXISTS") return false;
    throw error;
  }
}

async function followUp(order: Order): Promise<void> {
  await client.waitForOrchestrationCompletion(order.id, { fetchPayloads: false });
  ended.add(order.id);
}

/** Tells the parent process how far things are; without one, nobody. */
function report(): Promise<void> {
  const { replays } = transport;
  const [steps, waiting] = [ledger.runs(), ledger.openApprovals().length];
  const message: Report = { ended: ended.size, steps, waiting, replays, openedInMs };
  return new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(message, () => resolve());
  });
}
