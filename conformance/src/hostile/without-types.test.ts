import { createMemoryStore } from "@durabletask/backend";
import type { OrchestrationContext, Registrable, ScheduleOptions, Task } from "@durabletask/core";
import { defineOrchestrator, TaskHubClient, TaskHubWorker, whenAll } from "@durabletask/core";
import { openTaskHub, type TaskHubOptions } from "@durabletask/sqlite";
import { describe, expect, it } from "vitest";
import { World } from "../scenarios/world.ts";
import { temporaryFile } from "../temporary-file.ts";

// What the compiler refuses, JavaScript passes all the same, and so do definitions from a circle of imports.
const setting = { name: "memory", createStore: createMemoryStore, worker: {} };
const nothing = undefined as unknown as string;

describe("a transport that is none", () => {
  it("because an await was forgotten: client and worker say so", async () => {
    const promise = Promise.resolve() as never;
    expect(() => new TaskHubClient(promise)).toThrow(/is a promise: await it first/u);
    await expect(new TaskHubWorker(promise).start()).rejects.toThrow(/await it first/u);
    expect(() => new TaskHubClient(undefined as never)).toThrow(/needs a transport/u);
  });
});

describe("a worker", () => {
  const given: readonly [string, unknown, RegExp][] = [
    ["a plain function", async () => 1, /use addActivity or addOrchestrator/u],
    ["nothing", undefined, /not undefined/u],
    ["a plain object", {}, /not object/u],
  ];

  it.each(given)("refuses to register %s", async (_, definition, reason) => {
    const world = await World.open(setting);
    const worker = new TaskHubWorker(world.hub);
    expect(() => worker.register(definition as Registrable)).toThrow(reason);
  });
});

describe("a client", () => {
  const calls: readonly [string, (client: TaskHubClient) => Promise<unknown>, RegExp][] = [
    ["schedule nothing", (client) => client.scheduleNewOrchestration(nothing), /undefined/u],
    ["schedule no name", (client) => client.scheduleNewOrchestration(""), /needs a name/u],
    ["raise nothing", (client) => client.raiseOrchestrationEvent("x", nothing), /undefined/u],
    ["raise no name", (client) => client.raiseOrchestrationEvent("x", ""), /needs a name/u],
    ["start at a text", (client) => schedule(client, { startAt: "tomorrow" }), /startAt/u],
    ["start at a number", (client) => schedule(client, { startAt: 5 }), /startAt/u],
    [
      "replace by a wrong word",
      (client) => schedule(client, { ifExists: "replace" }),
      /'replace'/u,
    ],
  ];

  function schedule(client: TaskHubClient, options: object): Promise<unknown> {
    return client.scheduleNewOrchestration("x", undefined, options as ScheduleOptions);
  }

  it.each(calls)("that is asked to %s refuses, and says why", async (_, call, reason) => {
    const world = await World.open(setting);
    const refusal: unknown = await call(world.client).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(String(refusal)).toMatch(reason);
    expect(world.hub.stats().liveInstances).toBe(0);
  });
});

describe("an orchestrator", () => {
  const calls: readonly [string, (ctx: OrchestrationContext) => unknown, RegExp][] = [
    ["calls nothing", (ctx) => ctx.callActivity(nothing), /circle of imports/u],
    ["starts nothing", (ctx) => ctx.callSubOrchestrator(nothing), /circle of imports/u],
    ["waits for nothing", (ctx) => ctx.waitForExternalEvent(nothing), /circle of imports/u],
    ["calls no name", (ctx) => ctx.callActivity(""), /needs a name/u],
    [
      "waits for all of one task",
      (ctx) => whenAll(ctx.createTimer({ hours: 1 }) as unknown as Task<unknown>[]),
      /an array of tasks/u,
    ],
    [
      "hands on a promise",
      (ctx) => ctx.callActivity("echo", Promise.resolve(1)),
      /a promise: await it first/u,
    ],
  ];

  it.each(calls)("that %s fails, and says why", async (_, call, reason) => {
    const world = await World.open(setting);
    const careless = defineOrchestrator("careless", async (ctx) => call(ctx));
    await world.work([careless]);
    const id = await world.client.scheduleNewOrchestration(careless);
    expect((await world.end(id)).failure?.errorMessage).toMatch(reason);
  });
});

describe("a task hub in a file", () => {
  it.each([undefined, new URL("file:///tmp/hub.db"), "a\0b"])(
    "is not opened as %s",
    async (file) => {
      await expect(openTaskHub(file as string)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    },
  );

  it("is not opened with a degree of safety that there is not", async () => {
    const options = { synchronous: "off" } as unknown as TaskHubOptions;
    await expect(openTaskHub(temporaryFile(), options)).rejects.toThrow(/synchronous is 'off'/u);
  });
});
