import { createMemoryStore, openEmbeddedTaskHub, openMemoryTaskHub } from "@durabletask/backend";
import { VirtualClock } from "@durabletask/core/spi";
import type { Logger, Middleware, PayloadConverter } from "@durabletask/core";
import {
  defineActivity,
  defineOrchestrator,
  jsonConverter,
  TaskHubClient,
  TaskHubWorker,
  whenAny,
} from "@durabletask/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { FaultyStore } from "../faulty-store.ts";
import { World } from "../scenarios/world.ts";
import { settle } from "../settle.ts";

const setting = { name: "memory", createStore: createMemoryStore, worker: {} };
const quick = defineActivity("quick", (_ctx, text: string) => text);
const main = defineOrchestrator("main", async (ctx, text: string) => {
  ctx.logger.info("about to call");
  return ctx.callActivity(quick, text);
});

const broken = (): never => {
  throw new Error("injected: broken");
};

describe("a logger that throws", () => {
  const logger: Logger = { debug: broken, info: broken, warn: broken, error: broken };

  it("breaks no work", async () => {
    const world = await World.open(setting);
    await world.work([quick, main], { logger });
    const id = await world.client.scheduleNewOrchestration(main, "a");
    expect((await world.end(id)).output).toBe("a");
  });

  it("breaks no client", async () => {
    const world = await World.open(setting);
    await world.work([quick, main]);
    const client = new TaskHubClient(world.hub, { clock: world.clock, logger });
    const id = await client.scheduleNewOrchestration(main, "a", { instanceId: "noisy" });
    expect(id).toBe("noisy");
  });
});

describe("a converter that throws", () => {
  const failing = (when: "serialize" | "deserialize", text: string): PayloadConverter => ({
    serialize: (value) => {
      const payload = jsonConverter.serialize(value);
      return when === "serialize" && payload?.includes(text) ? broken() : payload;
    },
    deserialize: (payload) =>
      when === "deserialize" && payload?.includes(text)
        ? broken()
        : jsonConverter.deserialize(payload),
  });

  it.each([
    ["writing the result of an activity", "serialize", "result"],
    ["reading the input of an activity", "deserialize", "input"],
    ["reading the result of an activity", "deserialize", "result"],
    ["writing the output", "serialize", "output"],
    ["reading the input", "deserialize", "start"],
  ] as const)("%s: the instance fails, and others go on", async (_, when, text) => {
    const world = await World.open(setting);
    const act = defineActivity("act", (_ctx, _input: string) => "result");
    const convert = defineOrchestrator("convert", async (ctx, _input: string) => {
      await ctx.callActivity(act, "input");
      return "output";
    });
    await world.work([act, quick, main, convert], { converter: failing(when, text) });
    const id = await world.client.scheduleNewOrchestration(convert, "start");
    const other = await world.client.scheduleNewOrchestration(main, "a");
    expect((await world.end(id)).failure?.errorMessage).toContain("injected: broken");
    expect((await world.end(other)).output).toBe("a");
  });
});

describe("middleware", () => {
  const never = (): Promise<never> => new Promise(() => {});
  const cases: readonly [string, Middleware, RegExp][] = [
    ["throws around an orchestration", { orchestration: async () => broken() }, /injected/u],
    ["throws around an orchestration at once", { orchestration: () => broken() }, /injected/u],
    ["throws around an activity", { activity: async () => broken() }, /injected/u],
    ["throws around an activity at once", { activity: () => broken() }, /injected/u],
    ["never calls next and never ends", { orchestration: never }, /NON_DURABLE_AWAIT/u],
  ];

  it.each(cases)("that %s fails the instance", async (_, middleware, reason) => {
    const world = await World.open(setting);
    const worker = new TaskHubWorker(world.hub, { clock: world.clock, logger: world.logger });
    await worker.use(middleware).register(quick, main).start();
    onTestFinished(() => worker.stop());
    const id = await world.client.scheduleNewOrchestration(main, "a");
    expect((await world.end(id)).failure?.errorMessage).toMatch(reason);
  });

  it("that never calls next may give a result of its own", async () => {
    const world = await World.open(setting);
    const worker = new TaskHubWorker(world.hub, { clock: world.clock, logger: world.logger });
    await worker
      .use({ orchestration: async (_ctx, input) => `instead of ${String(input)}` })
      .register(quick, main)
      .start();
    onTestFinished(() => worker.stop());
    const id = await world.client.scheduleNewOrchestration(main, "a");
    expect((await world.end(id)).output).toBe("instead of a");
  });
});

describe("a hub that is closed", () => {
  it("refuses every call of a client, and says so", async () => {
    const hub = await openMemoryTaskHub({ logger: {} });
    const client = new TaskHubClient(hub, { logger: {} });
    await hub.close();
    const calls = [
      client.scheduleNewOrchestration("x"),
      client.getOrchestrationState("x"),
      client.waitForOrchestrationStart("x"),
      client.waitForOrchestrationCompletion("x"),
      client.raiseOrchestrationEvent("x", "e"),
      client.suspendOrchestration("x"),
      client.resumeOrchestration("x"),
      client.terminateOrchestration("x"),
      client.purgeOrchestration("x"),
      client.explain("x"),
      client.getOrchestrationHistory("x"),
      client.getAllInstances()[Symbol.asyncIterator]().next(),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({
        status: "rejected",
        reason: { code: "FAILED_PRECONDITION" },
      });
    }
    await hub.close();
  });

  it("ends a wait that is under way", async () => {
    const world = await World.open(setting);
    const id = await world.client.scheduleNewOrchestration("nobody");
    const waiting = expect(world.client.waitForOrchestrationCompletion(id)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    await world.idle();
    await world.hub.close();
    await waiting;
  });

  it("keeps a worker trying, which can be stopped all the same", async () => {
    const world = await World.open(setting);
    await world.hub.close();
    const worker = await world.work([main]);
    await world.idle();
    world.clock.advance(60_000);
    await world.idle();
    expect(world.warnings.length).toBeGreaterThan(0);
    await worker.stop();
  });

  it("says that its last commit has failed, and is closed all the same", async () => {
    const store = new FaultyStore(createMemoryStore());
    const hub = await openEmbeddedTaskHub(store, { clock: new VirtualClock(), logger: {} });
    const client = new TaskHubClient(hub, { logger: {} });
    const gate = Promise.withResolvers<void>();
    store.gate = gate.promise;
    store.faults.push("lost");
    const call = client.scheduleNewOrchestration("x").catch((error: unknown) => error);
    await settle();
    const closed = hub.close();
    gate.resolve();
    await expect(closed).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await call).toMatchObject({ code: "UNAVAILABLE" });
    await expect(client.getOrchestrationState("x")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
  });
});

describe("clocks that jump", () => {
  const hourMs = 3_600_000;

  it.each([
    ["back", -30 * 24 * hourMs],
    ["ahead", 30 * 24 * hourMs],
  ])("%s, under timers, retries and waits: everything ends", async (_, jumpMs) => {
    const world = await World.open(setting);
    let calls = 0;
    const flaky = defineActivity("flaky", () => {
      calls += 1;
      if (calls < 3) throw new Error("not yet");
      return "worked";
    });
    const waits = defineOrchestrator("waits", async (ctx) => {
      const retry = { maxNumberOfAttempts: 5, firstRetryInterval: { hours: 1 } };
      const timer = ctx.createTimer({ hours: 2 }).then(() => "fired");
      const worked = ctx.callActivity(flaky, undefined, { retry });
      const event = ctx.waitForExternalEvent("never", { timeout: { hours: 3 } });
      const winner = await whenAny([event]);
      return [await timer, await worked, "error" in winner];
    });
    await world.work([flaky, waits]);
    const id = await world.client.scheduleNewOrchestration(waits);
    await world.idle();
    world.clock.jump(jumpMs);
    await world.idle();
    world.clock.jump(-jumpMs / 2);
    expect((await world.end(id)).output).toEqual(["fired", "worked", true]);
    const history = await world.client.getOrchestrationHistory(id);
    const instants = history.map(({ timestamp }) => timestamp.getTime());
    expect(instants).toEqual(instants.toSorted((a, b) => a - b));
  });
});

describe("instants and durations that are none", () => {
  const odd: readonly [string, unknown][] = [
    ["an invalid date", new Date(Number.NaN)],
    ["NaN seconds", { seconds: Number.NaN }],
    ["endless hours", { hours: Infinity }],
    ["less than nothing", { seconds: -1 }],
    ["longer than dates reach", { days: 1e9 }],
    ["a number", 5],
    ["nothing at all", {}],
    ["null", null],
    ["text", "5s"],
  ];

  it.each(odd)("%s: a timer is refused where it is made", async (_, fireAt) => {
    const world = await World.open(setting);
    const timers = defineOrchestrator("timers", async (ctx) => {
      try {
        // What the types forbid, JavaScript passes all the same.
        ctx.createTimer(fireAt as Date);
        return "made";
      } catch (error) {
        return error instanceof Error && "code" in error ? error.code : "another error";
      }
    });
    await world.work([timers]);
    const id = await world.client.scheduleNewOrchestration(timers);
    expect((await world.end(id)).output).toBe("INVALID_ARGUMENT");
  });

  it("a client refuses them too, before anything is done", async () => {
    const world = await World.open(setting);
    const { client } = world;
    const nan = new Date(Number.NaN);
    const refused = { code: "INVALID_ARGUMENT" };
    await expect(client.scheduleNewOrchestration("x", 1, { startAt: nan })).rejects.toMatchObject(
      refused,
    );
    const id = await client.scheduleNewOrchestration("x");
    const timeout = { seconds: Number.NaN };
    await expect(client.waitForOrchestrationCompletion(id, { timeout })).rejects.toMatchObject(
      refused,
    );
    const list = client.getAllInstances({ createdFrom: nan });
    await expect(list[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused);
  });
});
