import {
  type ActivityContext,
  NoOpLogger,
  type OrchestrationContext,
  TaskHubGrpcWorker,
} from "@microsoft/durabletask-js";
import { workFromArguments } from "../measurement.ts";
import { answerQuestions } from "./process.ts";

// A worker process of the peer's.
const { url, activities } = workFromArguments({ url: "http://localhost:4001", activities: 5 });

const hello = (_ctx: ActivityContext, n: number): number => n;
const sequence = async function* (
  ctx: OrchestrationContext,
): AsyncGenerator<unknown, number, number> {
  let sum = 0;
  for (let i = 0; i < activities; i += 1) sum += yield ctx.callActivity("hello", i);
  return sum;
};
const worker = new TaskHubGrpcWorker({
  hostAddress: new URL(url).host,
  logger: new NoOpLogger(),
});
worker.addNamedActivity("hello", hello);
worker.addNamedOrchestrator("sequence", sequence);
await worker.start();
answerQuestions({});
