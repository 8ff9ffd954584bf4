// Eternal orchestration: one that never ends. Instead of looping it continues as new, so that its history stays short.
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  defineActivity,
  defineEvent,
  defineOrchestrator,
  TaskHubClient,
  TaskHubWorker,
  whenAny,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

const stop = defineEvent<{ reason: string }>("stop");

const cleanUp = defineActivity("cleanUp", async (_, round: number) => {
  console.log(`round ${round}: swept ${round * 3} files`);
  return round * 3;
});

interface Progress {
  readonly round: number;
  readonly swept: number;
}

const sweeper = defineOrchestrator("sweeper", async (ctx, { round, swept }: Progress) => {
  const total = swept + (await ctx.callActivity(cleanUp, round));
  ctx.setCustomStatus({ round, swept: total });

  // Whichever comes first: time for the next round, or the order to stop. In earnest one would wait for an hour.
  const pause = ctx.createTimer({ milliseconds: 150 });
  const first = await whenAny([pause, ctx.waitForExternalEvent(stop)]);
  if (first.index === 1 && "value" in first) {
    pause.cancel();
    return `${total} files in ${round} rounds; stopped: ${first.value.reason}`;
  }
  // Same instance, new input, empty history. Events that nobody has taken yet stay for the next round.
  return ctx.continueAsNew({ round: round + 1, swept: total });
});

await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
await using hub = await openTaskHub(join(folder.path, "tasks.db"));
await using worker = new TaskHubWorker(hub).register(cleanUp, sweeper);
await worker.start();

const client = new TaskHubClient(hub);
// A fixed instance id makes it the only one: to schedule it again while it runs fails with ALREADY_EXISTS.
const id = await client.scheduleNewOrchestration(
  sweeper,
  { round: 1, swept: 0 },
  { instanceId: "sweeper" },
);

// Somebody watches it, and has it stopped after a few rounds.
for (let rounds = 0; rounds < 3; await sleep(50)) {
  const state = await client.getOrchestrationState(sweeper, id);
  rounds = (state?.customStatus as Progress | undefined)?.round ?? 0;
}
await client.raiseOrchestrationEvent(id, stop, { reason: "closing time" });

const { output } = await client.waitForOrchestrationCompletion(id);
const history = await client.getOrchestrationHistory(id);
console.log(`${output}\nthe last round's history has ${history.length} events`);
