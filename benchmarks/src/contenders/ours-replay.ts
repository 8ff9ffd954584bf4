import { toBinary } from "@bufbuild/protobuf";
import {
  defineActivity,
  defineOrchestrator,
  type OrchestrationContext,
  silentLogger,
  type Task,
  TaskHubWorker,
  whenAll,
  whenAny,
  whenEach,
} from "@durabletask/core";
import { OrchestratorRequestSchema } from "@durabletask/protobuf";
import { decode } from "@durabletask/protobuf/codec";
import { report, workFromArguments } from "../measurement.ts";
import { recordedTurn, sumOf } from "../recorded-history.ts";
import { measureReplays, type Replay, type ReplayWork } from "../replay-clock.ts";
import { outputOf, TurnSource } from "../turn-source.ts";

const echo = defineActivity("echo", (_ctx, n: number) => n);

/** How many activities the orchestrators call; their input is part of the history and is the same in all. */
let count = 0;

const calls = (ctx: OrchestrationContext): Task<number>[] =>
  Array.from({ length: count }, (_, i) => ctx.callActivity(echo, i));

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const styles = {
  generator: function* (ctx: OrchestrationContext) {
    let sum = 0;
    for (let i = 0; i < count; i += 1) sum += yield* ctx.callActivity(echo, i);
    return sum;
  },
  async: async (ctx: OrchestrationContext) => {
    let sum = 0;
    for (let i = 0; i < count; i += 1) sum += await ctx.callActivity(echo, i);
    return sum;
  },
  "generator whenAll": function* (ctx: OrchestrationContext) {
    return total(yield* whenAll(calls(ctx)));
  },
  whenAll: async (ctx: OrchestrationContext) => total(await whenAll(calls(ctx))),
  "Promise.all": async (ctx: OrchestrationContext) => total(await Promise.all(calls(ctx))),
  "generator whenEach": function* (ctx: OrchestrationContext) {
    let sum = 0;
    for (const next of whenEach(calls(ctx))) sum += (yield* next).task.result;
    return sum;
  },
  whenEach: async (ctx: OrchestrationContext) => {
    let sum = 0;
    for await (const ended of whenEach(calls(ctx))) sum += ended.task.result;
    return sum;
  },
  "generator whenAny": function* (ctx: OrchestrationContext) {
    let sum = 0;
    const open = calls(ctx);
    while (open.length > 0) {
      const winner = yield* whenAny(open);
      sum += winner.task.result;
      open.splice(winner.index, 1);
    }
    return sum;
  },
  whenAny: async (ctx: OrchestrationContext) => {
    let sum = 0;
    const open = calls(ctx);
    while (open.length > 0) {
      const winner = await whenAny(open);
      sum += winner.task.result;
      open.splice(winner.index, 1);
    }
    return sum;
  },
};

interface Work extends ReplayWork {
  readonly style: keyof typeof styles;
}

const work = workFromArguments<Work>({
  shape: "chain",
  activities: [10_000],
  isDecoding: false,
  style: "generator",
});

const turns = new TurnSource();
const worker = new TaskHubWorker(turns.transport, { sessions: false, logger: silentLogger });
worker.register(defineOrchestrator("recorded", styles[work.style]));
await worker.start();
report(await measureReplays(work, prepare));
await worker.stop();

function prepare(activities: number): Replay {
  const bytes = toBinary(OrchestratorRequestSchema, recordedTurn(work.shape, activities));
  const decoded = decode(OrchestratorRequestSchema, bytes);
  const expected = String(sumOf(activities));
  return async () => {
    count = activities;
    const output = outputOf(
      await turns.run(work.isDecoding ? decode(OrchestratorRequestSchema, bytes) : decoded),
    );
    if (output !== expected) throw new Error(`the output is ${output}, not ${expected}`);
  };
}
