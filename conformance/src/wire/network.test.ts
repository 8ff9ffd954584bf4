import { openMemoryTaskHub } from "@durabletask/backend";
import {
  defineActivity,
  defineOrchestrator,
  silentLogger,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import type { Duration } from "@durabletask/core";
import { createGrpcTransport } from "@durabletask/grpc";
import { serve } from "@durabletask/server";
import { expect, it } from "vitest";
import { type OnRequestBytes, Proxy } from "./proxy.ts";

const marker = "the result that the network does not like";

/** Where the network breaks off while a worker sends a result, and how long the hub waits for the worker. */
const cuts: [string, Duration, OnRequestBytes][] = [
  [
    "before",
    { minutes: 1 },
    (_bytes, { client, server }) => {
      client.resetAndDestroy();
      server.resetAndDestroy();
    },
  ],
  [
    "in the middle of",
    { minutes: 1 },
    (bytes, { client, server }) => {
      server.write(bytes.subarray(0, bytes.indexOf(marker) + 10), () => {
        client.resetAndDestroy();
        server.destroy();
      });
    },
  ],
  [
    "after",
    // The server has the result, and the worker never hears of it: nor of the turn that it was given next.
    { milliseconds: 100 },
    (bytes, { client, server }) => void server.write(bytes, () => client.destroy()),
  ],
];

it.each(cuts)(
  "loses no result that is cut off %s its arrival, and counts none twice",
  async (_, gracePeriod, cut) => {
    await using hub = await openMemoryTaskHub({
      logger: silentLogger,
      gracePeriod,
    });
    await using server = await serve(() => hub, { logger: silentLogger });
    await using proxy = await Proxy.to(server.url);
    let runs = 0;
    const risky = defineActivity("risky", async () => {
      runs += 1;
      return marker;
    });
    const main = defineOrchestrator("main", async (ctx) => await ctx.callActivity(risky));
    const forward = proxy.onRequestBytes;
    proxy.onRequestBytes = (bytes, pair) => {
      if (!bytes.includes(marker)) return forward(bytes, pair);
      proxy.onRequestBytes = forward;
      return cut(bytes, pair);
    };
    await using workers = createGrpcTransport({ baseUrl: proxy.url });
    await using worker = new TaskHubWorker(workers, { logger: silentLogger }).register(risky, main);
    await worker.start();
    await using clients = createGrpcTransport({ baseUrl: server.url });
    const client = new TaskHubClient(clients, { logger: silentLogger });
    const id = await client.scheduleNewOrchestration(main);
    expect((await client.waitForOrchestrationCompletion(id)).output).toBe(marker);
    const types = (await client.getOrchestrationHistory(id)).map(({ type }) => type);
    expect(types.filter((type) => type === "taskCompleted")).toHaveLength(1);
    expect(runs).toBe(1);
  },
  20_000,
);
