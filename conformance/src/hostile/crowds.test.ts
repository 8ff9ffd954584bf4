import type { Store } from "@durabletask/backend";
import { createMemoryStore, openEmbeddedTaskHub } from "@durabletask/backend";
import { VirtualClock } from "@durabletask/core/spi";
import {
  defineActivity,
  defineOrchestrator,
  TaskHubClient,
  TaskHubWorker,
  whenAll,
} from "@durabletask/core";
import { createSqliteStore } from "@durabletask/sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { World } from "../scenarios/world.ts";
import { settle } from "../settle.ts";
import { temporaryFile } from "../temporary-file.ts";

const setting = { name: "memory", createStore: createMemoryStore, worker: {} };
const quick = defineActivity("quick", (_ctx, n: number) => n + 1);

describe("10,000 instances at once", () => {
  const patient = defineOrchestrator("patient", function* (ctx, n: number) {
    const heard = yield* ctx.waitForExternalEvent<number>("go");
    return n + heard;
  });

  it("wait in memory, and all end", async () => {
    const world = await World.open(setting);
    await world.work([patient]);
    const ids = await scheduleMany(world.client);
    await world.idle();
    await expectAllEnd(world.client, ids, () => world.idle());
  }, 30_000);

  it("wait in a file through a reopening, and all end", async () => {
    const file = temporaryFile();
    const clock = new VirtualClock();
    const open = async (store: Store) => {
      const hub = await openEmbeddedTaskHub(store, { clock, logger: {} });
      const worker = new TaskHubWorker(hub, { clock, logger: {} }).register(patient);
      await worker.start();
      const close = async (): Promise<void> => {
        await worker.stop();
        await hub.close();
      };
      onTestFinished(close);
      return { hub, close, client: new TaskHubClient(hub, { clock }) };
    };
    const first = await open(createSqliteStore(file));
    const ids = await scheduleMany(first.client);
    await settle(50);
    await first.close();
    const second = await open(createSqliteStore(file));
    expect(second.hub.stats().liveInstances).toBe(10_000);
    await expectAllEnd(second.client, ids, () => settle(50));
  }, 30_000);

  async function scheduleMany(client: TaskHubClient) {
    const starts = Array.from({ length: 10_000 }, (_, n) =>
      client.scheduleNewOrchestration(patient, n),
    );
    return await Promise.all(starts);
  }

  async function expectAllEnd(
    client: TaskHubClient,
    ids: Awaited<ReturnType<typeof scheduleMany>>,
    idle: () => Promise<void>,
  ): Promise<void> {
    await Promise.all(ids.map((id) => client.raiseOrchestrationEvent(id, "go", 1)));
    const ends = ids.map((id) => client.waitForOrchestrationCompletion(id));
    await idle();
    const states = await Promise.all(ends);
    expect(states.every((state, n) => state.output === n + 1)).toBe(true);
  }
});

describe.each([
  ["live sessions", {}],
  ["one session at a time", { sessions: { count: 1 } }],
])("deep and wide, with %s", (_, worker) => {
  it("sub-orchestrations 50 deep give their result all the way up", async () => {
    const world = await World.open({ ...setting, worker });
    const deep = defineOrchestrator("deep", async (ctx, depth: number): Promise<number> => {
      if (depth === 0) return 0;
      return 1 + (await ctx.callSubOrchestrator<number>("deep", depth - 1));
    });
    await world.work([deep]);
    const id = await world.client.scheduleNewOrchestration(deep, 50);
    expect((await world.end(id)).output).toBe(50);
  });

  it("a failure 50 deep is known at the top", async () => {
    const world = await World.open({ ...setting, worker });
    const deep = defineOrchestrator("deep", async (ctx, depth: number): Promise<unknown> => {
      if (depth === 0) throw new RangeError("at the bottom");
      return ctx.callSubOrchestrator("deep", depth - 1);
    });
    await world.work([deep]);
    const id = await world.client.scheduleNewOrchestration(deep, 50);
    const state = await world.end(id);
    expect(state.failure?.errorMessage).toContain("at the bottom");
  });

  it("1,000 children of one parent all come home", async () => {
    const world = await World.open({ ...setting, worker });
    const child = defineOrchestrator("child", async (ctx, n: number) => ctx.callActivity(quick, n));
    const parent = defineOrchestrator("parent", async (ctx) => {
      const tasks = Array.from({ length: 1000 }, (_, n) => ctx.callSubOrchestrator(child, n));
      return (await whenAll(tasks)).reduce((sum, n) => sum + n, 0);
    });
    await world.work([quick, child, parent]);
    const id = await world.client.scheduleNewOrchestration(parent);
    expect((await world.end(id)).output).toBe(500_500);
  });

  it("continue-as-new 1,000 times leaves the history of the last execution", async () => {
    const world = await World.open({ ...setting, worker });
    const loop = defineOrchestrator("loop", async (ctx, n: number): Promise<number> =>
      n === 1000 ? n : ctx.continueAsNew(n + 1),
    );
    await world.work([loop]);
    const id = await world.client.scheduleNewOrchestration(loop, 0);
    expect((await world.end(id)).output).toBe(1000);
    expect((await world.client.getOrchestrationHistory(id)).length).toBeLessThan(5);
  });
});

describe("workers and clients that get in each other's way", () => {
  it("a worker that restarts in a loop loses nothing", async () => {
    const world = await World.open(setting);
    const many = defineOrchestrator("many", async (ctx) => {
      let n = 0;
      while (n < 100) n = await ctx.callActivity(quick, n);
      return n;
    });
    const worker = await world.work([quick, many]);
    const id = await world.client.scheduleNewOrchestration(many);
    for (let restart = 0; restart < 50; restart += 1) {
      await settle(restart % 4);
      await world.passUntil(worker.stop());
      await worker.start();
    }
    expect((await world.end(id)).output).toBe(100);
  });

  it("a worker may be started and stopped without waiting for either", async () => {
    const world = await World.open(setting);
    const worker = await world.work([quick]);
    const calls: Promise<unknown>[] = [];
    for (let n = 0; n < 20; n += 1)
      calls.push(
        worker.stop(),
        worker.start().catch(() => {}),
      );
    await world.passUntil(Promise.all(calls));
    await world.passUntil(worker.stop());
    expect(world.hub.stats().streams).toBe(0);
  });

  it("two clients raise and terminate at the same moment: one end, and it stays", async () => {
    for (let rounds = 0; rounds < 8; rounds += 1) {
      const world = await World.open(setting);
      const other = new TaskHubClient(world.hub, { clock: world.clock });
      const wait = defineOrchestrator("wait", async (ctx) =>
        ctx.waitForExternalEvent<string>("go"),
      );
      await world.work([wait]);
      const id = await world.client.scheduleNewOrchestration(wait);
      await world.idle();
      const raised = world.client.raiseOrchestrationEvent(id, "go", "raised");
      await settle(rounds);
      await Promise.all([raised, other.terminateOrchestration(id, { output: "terminated" })]);
      const state = await world.end(id);
      expect(["COMPLETED", "TERMINATED"]).toContain(state.status);
      await world.client.terminateOrchestration(id).catch(() => {});
      await world.client.raiseOrchestrationEvent(id, "go", "late");
      await world.idle();
      expect((await world.client.getOrchestrationState(id))?.status).toBe(state.status);
    }
  });
});

describe("large payloads", () => {
  it("10 MB go through events, custom status, children and a reopening of the file", async () => {
    const large = "x".repeat(10_000_000);
    const file = temporaryFile();
    const echo = defineOrchestrator("echo", async (_ctx, text: string) => text);
    const carry = defineOrchestrator("carry", async (ctx) => {
      const text = await ctx.waitForExternalEvent<string>("load");
      ctx.setCustomStatus(text);
      await ctx.waitForExternalEvent("go");
      return ctx.callSubOrchestrator(echo, text);
    });
    const first = await World.open({ ...setting, createStore: () => createSqliteStore(file) });
    const worker = await first.work([echo, carry]);
    const id = await first.client.scheduleNewOrchestration(carry);
    await first.client.raiseOrchestrationEvent(id, "load", large);
    await first.idle();
    await worker.stop();
    await first.hub.close();
    const second = await World.open({ ...setting, createStore: () => createSqliteStore(file) });
    await second.work([echo, carry]);
    await second.client.raiseOrchestrationEvent(id, "go");
    const state = await second.end(id);
    expect(state.output === large).toBe(true);
    expect(state.customStatus === large).toBe(true);
  }, 20_000);
});
