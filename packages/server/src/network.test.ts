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
import { serve } from "./serve.ts";
import { describe, expect, it, onTestFinished } from "vitest";
import { type OnBytes, Proxy } from "../test/proxy.ts";

const marker = "the result that the network does not like";

/** Where the network breaks off while a worker sends a result, and how long the hub waits for the worker. */
const cuts: [string, Duration, OnBytes][] = [
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

describe("a start whose answer is lost", () => {
  const instanceId = "start-me";

  /** A hub behind a network that breaks off as often as told when the answer to the start comes by. */
  async function openHub(losses: number) {
    const hub = await openMemoryTaskHub({ logger: silentLogger });
    const server = await serve(() => hub, { logger: silentLogger });
    const proxy = await Proxy.to(server.url);
    onTestFinished(async () => {
      await proxy[Symbol.asyncDispose]();
      await server.close();
      await hub.close();
    });
    const forward = proxy.onAnswerBytes;
    let left = losses;
    proxy.onAnswerBytes = (bytes, pair) => {
      if (left === 0 || !bytes.includes(instanceId)) return forward(bytes, pair);
      left -= 1;
      pair.client.resetAndDestroy();
    };
    return { hub, url: proxy.url };
  }

  it("is made again where the hub recognises it, and has started one instance", async () => {
    const { hub, url } = await openHub(2);
    const retries = { recognisesStarts: true };
    await using transport = createGrpcTransport({ baseUrl: url, retries });
    const client = new TaskHubClient(transport, { logger: silentLogger });
    await client.scheduleNewOrchestration("any", undefined, { instanceId });
    expect(hub.stats()).toMatchObject({ readyTurns: 1, commits: 1 });
    // Another start by that id is none of these.
    await expect(
      client.scheduleNewOrchestration("any", undefined, { instanceId }),
    ).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
  });

  it("is left to the caller elsewhere: its outcome is unknown", async () => {
    const { hub, url } = await openHub(1);
    await using transport = createGrpcTransport({ baseUrl: url });
    const client = new TaskHubClient(transport, { logger: silentLogger });
    await expect(
      client.scheduleNewOrchestration("any", undefined, { instanceId }),
    ).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(hub.stats()).toMatchObject({ readyTurns: 1 });
  });
});
