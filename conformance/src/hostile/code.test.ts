import { createMemoryStore } from "@durabletask/backend";
import type { OrchestrationContext, TaskHubWorkerOptions } from "@durabletask/core";
import {
  defineActivity,
  defineEvent,
  defineOrchestrator,
  TaskFailedError,
  whenAll,
} from "@durabletask/core";
import { describe, expect, it } from "vitest";
import { World } from "../scenarios/world.ts";

const workers: readonly [string, TaskHubWorkerOptions][] = [
  ["live sessions", {}],
  ["every turn replayed", { sessions: false }],
];

describe.each(workers)("orchestrators that break the rules, with %s", (_, options) => {
  const setting = { name: "memory", createStore: createMemoryStore, worker: options };
  const quick = defineActivity("quick", (_ctx, text: string) => text);
  const foreign = (): Promise<number> => new Promise((resolve) => setImmediate(() => resolve(1)));

  const offences: readonly [string, (ctx: OrchestrationContext) => Promise<unknown>, RegExp][] = [
    ["await something foreign at once", async () => foreign(), /NON_DURABLE_AWAIT/u],
    [
      "await something foreign after a settled race",
      async (ctx) => {
        await Promise.race([ctx.callActivity(quick, "a"), ctx.createTimer({ hours: 1 })]);
        await foreign();
        return ctx.callActivity(quick, "b");
      },
      /NON_DURABLE_AWAIT/u,
    ],
    [
      "await something foreign in a helper",
      async (ctx) => {
        const helper = async (): Promise<string> => {
          const text = await ctx.callActivity(quick, "a");
          return `${text}${await foreign()}`;
        };
        return helper();
      },
      /NON_DURABLE_AWAIT/u,
    ],
    ["never return", async () => new Promise(() => {}), /NON_DURABLE_AWAIT/u],
    [
      "hand a task on as an input",
      async (ctx) => ctx.callActivity("quick", ctx.callActivity(quick, "a")),
      /TASK_NOT_AWAITED/u,
    ],
    [
      "destructure a task",
      async (ctx) => {
        const [first] = ctx.callActivity<string[]>("quick", ["a"]);
        return first;
      },
      /TASK_NOT_AWAITED/u,
    ],
    [
      "return tasks within a list",
      async (ctx) => [ctx.callActivity(quick, "a")],
      /TASK_NOT_AWAITED/u,
    ],
  ];

  it.each(offences)("%s: the instance fails and says why", async (_, run, reason) => {
    const world = await World.open(setting);
    await world.work([quick, defineOrchestrator("offender", run)]);
    const id = await world.client.scheduleNewOrchestration("offender");
    const state = await world.end(id);
    expect(state.status).toBe("FAILED");
    expect(state.failure?.errorMessage).toMatch(reason);
  });

  it("a foreign callback between turns: the instance fails at its next turn", async () => {
    const world = await World.open(setting);
    const gate = Promise.withResolvers<void>();
    const moved = defineOrchestrator("moved", async (ctx) => {
      const wait = ctx.waitForExternalEvent("go");
      await Promise.race([wait, gate.promise]);
      await ctx.callActivity(quick, "a");
      return wait;
    });
    await world.work([quick, moved]);
    const id = await world.client.scheduleNewOrchestration(moved);
    await world.idle();
    gate.resolve();
    await world.idle();
    await world.client.raiseOrchestrationEvent(id, "go");
    expect((await world.end(id)).failure?.errorMessage).toMatch(/NON_DURABLE_AWAIT/u);
  });

  it("an await that was forgotten for good: the work is done, its result dropped", async () => {
    const world = await World.open(setting);
    let runs = 0;
    const counted = defineActivity("counted", () => ++runs);
    const forgetful = defineOrchestrator("forgetful", async (ctx) => {
      void ctx.callActivity(counted);
      await ctx.createTimer({ seconds: 1 });
      return "done";
    });
    await world.work([counted, forgetful]);
    const id = await world.client.scheduleNewOrchestration(forgetful);
    expect((await world.end(id)).output).toBe("done");
    expect(runs).toBe(1);
  });

  // Found by the random programs: a combinator of nothing belongs to no session.
  it("a generator may wait for all of nothing by yield*", async () => {
    const world = await World.open(setting);
    const nothing = defineOrchestrator("nothing", function* () {
      return yield* whenAll([]);
    });
    await world.work([nothing]);
    const id = await world.client.scheduleNewOrchestration(nothing);
    expect((await world.end(id)).status).toBe("COMPLETED");
  });
});

describe("activities", () => {
  const setting = { name: "memory", createStore: createMemoryStore, worker: {} };

  const thrown: readonly [string, () => unknown, string, string][] = [
    ["a string", () => "plain words", "string", "plain words"],
    ["an empty string", () => "", "string", ""],
    ["nothing", () => undefined, "undefined", "undefined"],
    ["null", () => null, "null", "null"],
    ["a symbol", () => Symbol("odd"), "symbol", "Symbol(odd)"],
    // oxlint-disable-next-line unicorn/error-message -- that is the case
    ["an error without a message", () => new Error(), "Error", "(no message)"],
    ["an object without a prototype", () => Object.create(null), "", ""],
    ["a function", () => () => 1, "", ""],
  ];

  it.each(thrown)("may throw %s: the caller gets a failure", async (_, make, type, message) => {
    const world = await World.open(setting);
    const broken = defineActivity("broken", () => {
      throw make();
    });
    const main = defineOrchestrator("main", async (ctx) => {
      try {
        return await ctx.callActivity(broken);
      } catch (error) {
        if (!(error instanceof TaskFailedError)) throw error;
        return [error.failure.errorType, error.failure.errorMessage];
      }
    });
    await world.work([broken, main]);
    const id = await world.client.scheduleNewOrchestration(main);
    const { output } = await world.end(id);
    expect(output?.[0]).not.toBe("");
    expect(output?.[0]).toContain(type);
    expect(output?.[1]).toContain(message);
  });

  // Even asking what it is throws.
  it("may throw a proxy that was revoked: the caller gets a failure", async () => {
    const world = await World.open(setting);
    const broken = defineActivity("broken", () => {
      throw revoked();
    });
    await world.work([broken, defineOrchestrator("main", async (ctx) => ctx.callActivity(broken))]);
    const id = await world.client.scheduleNewOrchestration("main");
    expect((await world.end(id)).status).toBe("FAILED");
  });

  it("may have any name, and so may events, children and keys of payloads", async () => {
    const names = [
      "__proto__",
      "constructor",
      "ünïcödé 🦕",
      "a'b\"c`d",
      "x".repeat(500),
      " ",
      "\n",
      "%00",
    ];
    for (const name of names) {
      const world = await World.open(setting);
      const activity = defineActivity(name, (_ctx, facts: Record<string, string>) => facts);
      const event = defineEvent<Record<string, string>>(name);
      const child = defineOrchestrator(`${name} child`, async (ctx, to: string) => {
        ctx.sendEvent(to, event, Object.fromEntries([[name, "sent"]]));
      });
      const main = defineOrchestrator(name, async (ctx) => {
        const heard = ctx.waitForExternalEvent(event);
        await ctx.callSubOrchestrator(child, ctx.instanceId, {
          tags: Object.fromEntries([[name, name]]),
        });
        return ctx.callActivity(activity, await heard, { version: name });
      });
      await world.work([activity, child, main]);
      const id = await world.client.scheduleNewOrchestration(main);
      const { output } = await world.end(id);
      expect(Object.entries(output)).toEqual([[name, "sent"]]);
    }
  });
});

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
