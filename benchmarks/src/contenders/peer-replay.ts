import { toBinary } from "@bufbuild/protobuf";
import { OrchestratorRequestSchema } from "@durabletask/protobuf";
import {
  NoOpLogger,
  type OrchestrationContext,
  type Task,
  whenAll,
  whenAny,
} from "@microsoft/durabletask-js";
// It has no list of exports: its inner parts can be had by their paths.
import protocol from "@microsoft/durabletask-js/dist/proto/orchestrator_service_pb.js";
import { OrchestrationExecutor } from "@microsoft/durabletask-js/dist/worker/orchestration-executor.js";
import { Registry } from "@microsoft/durabletask-js/dist/worker/registry.js";
import { report, workFromArguments } from "../measurement.ts";
import { recordedTurn, sumOf } from "../recorded-history.ts";
import { measureReplays, type Replay, type ReplayWork } from "../replay-clock.ts";

type Program<Yielded> = AsyncGenerator<unknown, number, Yielded>;

let count = 0;

const calls = (ctx: OrchestrationContext): Task<number>[] =>
  Array.from({ length: count }, (_, i) => ctx.callActivity<number, number>("echo", i));

const styles = {
  chain: async function* (ctx: OrchestrationContext): Program<number> {
    let sum = 0;
    for (let i = 0; i < count; i += 1) sum += yield ctx.callActivity("echo", i);
    return sum;
  },
  whenAll: async function* (ctx: OrchestrationContext): Program<number[]> {
    const values = yield whenAll(calls(ctx));
    return values.reduce((sum, value) => sum + value, 0);
  },
  whenAny: async function* (ctx: OrchestrationContext): Program<Task<number>> {
    let sum = 0;
    const open = calls(ctx);
    while (open.length > 0) {
      const winner = yield whenAny(open);
      sum += winner.getResult();
      open.splice(open.indexOf(winner), 1);
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
  style: "chain",
});

const registry = new Registry();
registry.addNamedOrchestrator("recorded", styles[work.style]);
report(await measureReplays(work, prepare));

function prepare(activities: number): Replay {
  const bytes = toBinary(OrchestratorRequestSchema, recordedTurn(work.shape, activities));
  const decode = (): protocol.OrchestratorRequest =>
    protocol.OrchestratorRequest.deserializeBinary(bytes);
  const decoded = decode();
  const expected = String(sumOf(activities));
  return async () => {
    count = activities;
    const request = work.isDecoding ? decode() : decoded;
    const { actions } = await new OrchestrationExecutor(registry, new NoOpLogger()).execute(
      request.getInstanceid(),
      request.getPasteventsList(),
      request.getNeweventsList(),
    );
    const output = actions.at(-1)?.getCompleteorchestration()?.getResult()?.getValue();
    if (output !== expected) throw new Error(`the output is ${output}, not ${expected}`);
  };
}
