import {
  type ActivityContext,
  NoOpLogger,
  type OrchestrationContext,
  TaskHubGrpcWorker,
  whenAll,
} from "@microsoft/durabletask-js";
import { workFromArguments } from "../measurement.ts";
import { answerQuestions } from "./process.ts";

// A worker process of the peer's, for chains and fan-outs as long as their input says.
const { url } = workFromArguments({ url: "http://localhost:4001" });

const hello = (_ctx: ActivityContext, n: number): number => n;

const chain = async function* (
  ctx: OrchestrationContext,
  activities: number,
): AsyncGenerator<unknown, number, number> {
  let sum = 0;
  for (let i = 0; i < activities; i += 1) sum += yield ctx.callActivity(hello, i);
  return sum;
};

const fanOut = async function* (
  ctx: OrchestrationContext,
  activities: number,
): AsyncGenerator<unknown, number, number[]> {
  const tasks = Array.from({ length: activities }, (_, i) => ctx.callActivity(hello, i));
  let sum = 0;
  for (const each of yield whenAll(tasks)) sum += each;
  return sum;
};

const worker = new TaskHubGrpcWorker({ hostAddress: new URL(url).host, logger: new NoOpLogger() });
worker.addNamedActivity("hello", hello);
worker.addNamedOrchestrator("chain", chain);
worker.addNamedOrchestrator("fanOut", fanOut);
await worker.start();
answerQuestions({});
