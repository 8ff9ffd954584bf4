import { openMemoryTaskHub } from "@durabletask/backend";
import {
  defineActivity,
  defineOrchestrator,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { createGrpcTransport } from "@durabletask/grpc";
import { expect, it } from "vitest";
import { serve } from "./serve.ts";

const double = defineActivity("double", async (_, n: number) => n * 2);
const chain = defineOrchestrator("chain", async (ctx, n: number) => {
  const once = await ctx.callActivity(double, n);
  return await ctx.callActivity(double, once);
});

it("runs an orchestration over gRPC", async () => {
  await using hub = await openMemoryTaskHub();
  await using server = await serve(() => hub);
  await using transport = createGrpcTransport({ baseUrl: server.url });
  await using worker = new TaskHubWorker(transport).register(double, chain);
  await worker.start();
  const client = new TaskHubClient(transport);
  const id = await client.scheduleNewOrchestration(chain, 5);
  expect((await client.waitForOrchestrationCompletion(id)).output).toBe(20);
});
