// Saga: several services take part, none knows of the others. When one fails, what the others did is undone.
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defineActivity,
  defineOrchestrator,
  type Task,
  TaskFailedError,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

const book = defineActivity("book", async (_, [what, place]: [what: string, place: string]) => {
  if (what === "car" && place === "Venice") throw new Error("there are no streets");
  console.log(`booked a ${what} for ${place}`);
  return `${what}-${place}`;
});

const cancel = defineActivity("cancel", async (_, booking: string) => {
  console.log(`cancelled ${booking}`);
});

// Undoing has to succeed in the end, so it is tried again for a long time.
const patiently = {
  retry: { maxNumberOfAttempts: 100, firstRetryInterval: { seconds: 1 }, backoffCoefficient: 2 },
};

const travel = defineOrchestrator("travel", async (ctx, place: string) => {
  const undo: (() => Task<void>)[] = [];
  try {
    for (const what of ["hotel", "flight", "car"]) {
      const booking = await ctx.callActivity(book, [what, place]);
      undo.push(() => ctx.callActivity(cancel, booking, patiently));
    }
    return `off to ${place}`;
  } catch (error) {
    // Only what a service refused is compensated. Anything else is a mistake in this code, and fails the instance.
    if (!(error instanceof TaskFailedError)) throw error;
    // If the process dies here, the next one goes on with what is left to undo.
    for (const compensate of undo.toReversed()) await compensate();
    return `staying at home: ${error.failure.errorMessage}`;
  }
});

await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
await using hub = await openTaskHub(join(folder.path, "tasks.db"));
await using worker = new TaskHubWorker(hub).register(book, cancel, travel);
await worker.start();

const client = new TaskHubClient(hub);
for (const place of ["Turin", "Venice"]) {
  const id = await client.scheduleNewOrchestration(travel, place);
  const { output } = await client.waitForOrchestrationCompletion(id);
  console.log(output);
}
