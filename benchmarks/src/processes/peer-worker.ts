// The peer's worker over gRPC, at the address in the first argument.
import {
  type ActivityContext,
  type OrchestrationContext,
  TaskHubGrpcWorker,
  whenAll,
} from "@microsoft/durabletask-js";
import { silent } from "../peer-logger.ts";

const hello = (_ctx: ActivityContext, n: number): number => n;

const sequence = async function* (
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

const worker = new TaskHubGrpcWorker({ hostAddress: process.argv[2] ?? "", logger: silent });
worker.addNamedActivity("hello", hello);
worker.addNamedOrchestrator("sequence", sequence);
worker.addNamedOrchestrator("fanOut", fanOut);
await worker.start();
process.once("disconnect", () => process.exit());
process.send?.("ready");
