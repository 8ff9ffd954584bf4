// Lifecycle: somebody suspends an orchestration, resumes it, and in the end terminates it.
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defineOrchestrator,
  OrchestrationFailedError,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

/** Counts the coins that are thrown in, for as long as it is let. */
const piggyBank = defineOrchestrator("piggyBank", async (ctx) => {
  for (let total = 0; ;) {
    ctx.setCustomStatus(`${total} cents`);
    total += await ctx.waitForExternalEvent<number>("coin");
  }
});

await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
await using hub = await openTaskHub(join(folder.path, "tasks.db"));
await using worker = new TaskHubWorker(hub).register(piggyBank);
await worker.start();

const client = new TaskHubClient(hub);
const id = await client.scheduleNewOrchestration(piggyBank);
await client.waitForOrchestrationStart(id);

/** Looks until the orchestration stands there: what a client asks for is taken up when its worker gets to it. */
async function see(what: string, expected: string): Promise<void> {
  let found = "";
  while (found !== expected) {
    const state = await client.getOrchestrationState(id);
    found = `${state?.status}, ${String(state?.customStatus)}`;
  }
  console.log(`${what}: ${found}`);
}

await client.raiseOrchestrationEvent(id, "coin", 50);
await see("a coin", "RUNNING, 50 cents");

// What comes in while it is suspended is kept: events, results of activities, timers.
await client.suspendOrchestration(id, { reason: "the bank is closed" });
await client.raiseOrchestrationEvent(id, "coin", 20);
await see("suspended, and a coin", "SUSPENDED, 50 cents");

await client.resumeOrchestration(id, { reason: "the bank is open" });
await see("resumed", "RUNNING, 70 cents");

// Terminating runs none of its code: no catch, no finally. To let it tidy up, raise an event that it waits for.
await client.terminateOrchestration(id, { output: "broken open with a hammer" });
const state = await client.waitForOrchestrationCompletion(id);
console.log(`terminated: ${state.status}, ${String(state.terminationOutput)}`);

// `output` is what the orchestrator returned. This one never did, and whoever asks for it is told so.
try {
  console.log(state.output);
} catch (error) {
  if (!(error instanceof OrchestrationFailedError)) throw error;
  console.log(`${error.code}: ${error.status}`);
}

// The reasons are in the history.
for (const event of await client.getOrchestrationHistory(id)) {
  if (event.type === "executionSuspended" || event.type === "executionResumed") {
    console.log(`${event.type}: ${event.input}`);
  }
}
