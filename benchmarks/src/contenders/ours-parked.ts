import {
  defineOrchestrator,
  type OrchestrationContext,
  silentLogger,
  TaskHubWorker,
} from "@durabletask/core";
import { heapInUse } from "../heap.ts";
import { report, workFromArguments } from "../measurement.ts";
import { firstTurn } from "../recorded-history.ts";
import { TurnSource } from "../turn-source.ts";

const styles = {
  generator: function* (ctx: OrchestrationContext) {
    return yield* ctx.waitForExternalEvent<string>("go");
  },
  async: async (ctx: OrchestrationContext) => await ctx.waitForExternalEvent<string>("go"),
};

interface Work {
  readonly instances: number;
  readonly style: keyof typeof styles;
}

const { instances, style } = workFromArguments<Work>({ instances: 10_000, style: "async" });
const turns = new TurnSource();
const worker = new TaskHubWorker(turns.transport, {
  sessions: { count: 2 * instances, bytes: 1e9 },
  logger: silentLogger,
});
worker.register(defineOrchestrator("recorded", styles[style]));
await worker.start();
await park("warm-up", instances / 10);
const before = await heapInUse();
await park("parked", instances);
report({ bytesEach: ((await heapInUse()) - before) / instances });
await worker.stop();

async function park(name: string, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await turns.run(firstTurn(`${name}-${i}`));
}
