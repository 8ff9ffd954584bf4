// Human interaction: wait for somebody's decision, but not for ever.
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defineActivity,
  defineEvent,
  defineOrchestrator,
  type Duration,
  EventTimeoutError,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

// One type for whoever waits for the event and whoever raises it.
const decision = defineEvent<{ approved: boolean; by: string }>("decision");

const ask = defineActivity("ask", async (ctx, request: string) => {
  console.log(`to the manager: please decide on "${request}" (${ctx.instanceId})`);
});

interface Holiday {
  readonly request: string;
  /** How long the manager has to answer. */
  readonly timeout: Duration;
}

const requestHoliday = defineOrchestrator("requestHoliday", async (ctx, holiday: Holiday) => {
  await ctx.callActivity(ask, holiday.request);
  try {
    // While it waits the orchestration needs no process at all.
    const answer = await ctx.waitForExternalEvent(decision, { timeout: holiday.timeout });
    return `${answer.approved ? "granted" : "refused"} by ${answer.by}`;
  } catch (error) {
    if (!(error instanceof EventTimeoutError)) throw error;
    return "nobody answered in time: passed on to the director";
  }
});

await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
await using hub = await openTaskHub(join(folder.path, "tasks.db"));
await using worker = new TaskHubWorker(hub).register(ask, requestHoliday);
await worker.start();

const client = new TaskHubClient(hub);
const inMay: Holiday = { request: "a week in May", timeout: { days: 3 } };
const inJune: Holiday = { request: "a month in June", timeout: { milliseconds: 500 } };
const [week, month] = await Promise.all([
  client.scheduleNewOrchestration(requestHoliday, inMay, { instanceId: "holiday-1" }),
  client.scheduleNewOrchestration(requestHoliday, inJune, { instanceId: "holiday-2" }),
]);

// The manager answers the first request only. An event that comes before somebody waits for it is kept.
await client.raiseOrchestrationEvent(week, decision, { approved: true, by: "Grace" });

for (const id of [week, month]) {
  const state = await client.waitForOrchestrationCompletion(id);
  console.log(`${id}: ${state.output}`);
}
