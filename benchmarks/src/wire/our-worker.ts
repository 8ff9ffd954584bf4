import { defineActivity, defineOrchestrator, silentLogger, TaskHubWorker } from "@durabletask/core";
import { createGrpcTransport, type GrpcAddressOptions } from "@durabletask/grpc";
import { workFromArguments } from "../measurement.ts";
import { answerQuestions } from "./process.ts";

// A worker process of ours.
const { url, activities, sessions, path } = workFromArguments<{
  url: string;
  activities: number;
  sessions: boolean;
  path: "lean" | "connect";
}>({ url: "http://localhost:4001", activities: 5, sessions: true, path: "lean" });

const hello = defineActivity("hello", (_ctx, n: number) => n);
const sequence = defineOrchestrator("sequence", async (ctx) => {
  let sum = 0;
  for (let i = 0; i < activities; i += 1) sum += await ctx.callActivity(hello, i);
  return sum;
});
// An interceptor makes Connect carry the messages.
const interceptors: GrpcAddressOptions["interceptors"] =
  path === "lean" ? [] : [(next) => (request) => next(request)];
const transport = createGrpcTransport({ baseUrl: url, interceptors });
await new TaskHubWorker(transport, {
  logger: silentLogger,
  ...(sessions ? {} : { sessions: false }),
})
  .register(hello, sequence)
  .start();
answerQuestions({});
