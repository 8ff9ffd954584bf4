import {
  type ActivityContext,
  defineActivity,
  defineOrchestrator,
  NonRetriableError,
  TaskFailedError,
  whenAll,
} from "@durabletask/core";
import { expect } from "vitest";
import type { Scenarios } from "../bench.ts";

const echo = defineActivity("echo", (_, value: unknown) => value);
const echoed = defineOrchestrator("echoed", async (ctx, value: unknown) =>
  ctx.callActivity("echo", value),
);
const double = defineActivity("double", (_, n: number) => n * 2);

class DeclinedError extends Error {
  override name = "DeclinedError";
}

/** Fails the first `failures` calls of an activity, by a count that the closure keeps. */
function flaky(name: string, failures: number, error: () => Error) {
  let calls = 0;
  return defineActivity(name, () => {
    calls += 1;
    if (calls <= failures) throw error();
    return calls;
  });
}

/** What an orchestrator can do with activities. */
export const activities: Scenarios = {
  async "chains activities"(bench) {
    const chain = defineOrchestrator("chain", async (ctx, n: number) => {
      let value = n;
      for (let step = 0; step < 5; step += 1) value = await ctx.callActivity(double, value);
      return value;
    });
    await bench.work([double, chain]);
    const id = await bench.client.scheduleNewOrchestration(chain, 1);
    expect((await bench.end(id)).output).toBe(32);
  },

  async "fans out over 100 activities and in again"(bench) {
    const fan = defineOrchestrator("fan", async (ctx, n: number) => {
      const all = await whenAll(Array.from({ length: n }, (_, i) => ctx.callActivity(double, i)));
      return all.reduce((sum, value) => sum + value, 0);
    });
    await bench.work([double, fan]);
    const id = await bench.client.scheduleNewOrchestration(fan, 100);
    expect((await bench.end(id)).output).toBe(9900);
  },

  async "runs 1,000 activities of one orchestration"(bench) {
    const long = defineOrchestrator("long", function* (ctx, n: number) {
      let sum = 0;
      for (let i = 0; i < n; i += 50) {
        const part = Array.from({ length: 50 }, () => ctx.callActivity(double, 1));
        for (const task of part) sum += yield* task;
      }
      return sum;
    });
    await bench.work([double, long]);
    const id = await bench.client.scheduleNewOrchestration(long, 1000);
    expect((await bench.end(id)).output).toBe(2000);
  },

  async "carries what JSON can carry, there and back"(bench) {
    await bench.work([echo, echoed]);
    const values = [
      0,
      "",
      null,
      false,
      [],
      {},
      "ünïcødé 𝄞 \u0000 \u2028",
      { a: [1, { b: null }] },
      1e21,
    ];
    for (const value of values) {
      const id = await bench.client.scheduleNewOrchestration(echoed, value);
      const state = await bench.end(id);
      expect(state.output).toEqual(value);
      expect(state.input).toEqual(value);
    }
  },

  async "tells an absent value from null"(bench) {
    const kind = defineActivity("kind", (_, value?: string | null) =>
      value === undefined ? "absent" : typeof value,
    );
    const kinds = defineOrchestrator("kinds", async (ctx) => [
      await ctx.callActivity(kind),
      await ctx.callActivity(kind, null),
      await ctx.callActivity(kind, ""),
    ]);
    await bench.work([kind, kinds]);
    const id = await bench.client.scheduleNewOrchestration(kinds);
    expect((await bench.end(id)).output).toEqual(["absent", "object", "string"]);
  },

  async "carries a payload of 4 MB there and back"(bench) {
    await bench.work([echo, echoed]);
    const text = "0123456789abcdef".repeat(4 * 65_536);
    const id = await bench.client.scheduleNewOrchestration(echoed, text);
    const { output } = await bench.end(id);
    expect(output === text).toBe(true);
  },

  async "tells an activity everything about its call"(bench) {
    let seen: ActivityContext | undefined;
    const look = defineActivity("look", (ctx) => {
      seen = ctx;
      return "seen";
    });
    const looking = defineOrchestrator("looking", async (ctx) =>
      ctx.callActivity(look, undefined, { version: "1.2", tags: { team: "blue" } }),
    );
    await bench.work([look, looking]);
    const id = await bench.client.scheduleNewOrchestration(looking);
    await bench.end(id);
    expect(seen).toMatchObject({
      name: "look",
      instanceId: id,
      version: "1.2",
      tags: expect.objectContaining({ team: "blue" }),
    });
  },

  async "tells who failed, why, and the causes at any depth"(bench) {
    const decline = defineActivity("decline", () => {
      const cause = new DeclinedError("no money", { cause: new TypeError("empty") });
      throw new Error("payment failed", { cause });
    });
    const child = defineOrchestrator("pay", async (ctx) => ctx.callActivity(decline));
    const parent = defineOrchestrator("shop", async (ctx) => {
      try {
        return await ctx.callSubOrchestrator(child);
      } catch (error) {
        if (!(error instanceof TaskFailedError)) throw error;
        if (!error.isCausedBy("DeclinedError") || !error.isCausedBy("TypeError")) return "unknown";
        throw error;
      }
    });
    await bench.work([decline, child, parent]);
    const state = await bench.end(await bench.client.scheduleNewOrchestration(parent));
    expect(state.status).toBe("FAILED");
    const failures = [];
    for (let f = state.failure; f !== undefined; f = f.innerFailure) failures.push(f);
    expect(failures.map(({ errorType }) => errorType)).toEqual([
      "TaskFailedError",
      "TaskFailedError",
      "Error",
      "DeclinedError",
      "TypeError",
    ]);
    expect(failures[3]?.errorMessage).toBe("no money");
    expect(failures[2]?.stackTrace).toContain("payment failed");
  },

  async "fails a task whose error has no message"(bench) {
    const mute = defineActivity("mute", () => {
      throw new Error("");
    });
    const asking = defineOrchestrator("asking", async (ctx) => {
      try {
        return await ctx.callActivity<string>("mute");
      } catch {
        return "failed";
      }
    });
    await bench.work([mute, asking]);
    const id = await bench.client.scheduleNewOrchestration(asking);
    expect((await bench.end(id)).output).toBe("failed");
  },

  async "tries again as the policy says"(bench) {
    const activity = flaky("flaky", 2, () => new Error("not yet"));
    const trying = defineOrchestrator("trying", async (ctx) =>
      ctx.callActivity(activity, undefined, {
        retry: { maxNumberOfAttempts: 3, firstRetryInterval: { milliseconds: 20 } },
      }),
    );
    await bench.work([activity, trying]);
    const id = await bench.client.scheduleNewOrchestration(trying);
    expect((await bench.end(id)).output).toBe(3);
  },

  async "does not try again what is not worth it"(bench) {
    const activity = flaky("hopeless", 9, () => new NonRetriableError("never"));
    const trying = defineOrchestrator("giving up", async (ctx) => {
      try {
        return await ctx.callActivity(activity, undefined, {
          retry: { maxNumberOfAttempts: 5, firstRetryInterval: { milliseconds: 20 } },
        });
      } catch (error) {
        return error instanceof TaskFailedError ? error.task.attempts : undefined;
      }
    });
    await bench.work([activity, trying]);
    const id = await bench.client.scheduleNewOrchestration(trying);
    expect((await bench.end(id)).output).toBe(1);
  },

  async "fails a task that nobody has registered"(bench) {
    const calling = defineOrchestrator("calling nobody", async (ctx) => ctx.callActivity("nobody"));
    await bench.work([calling]);
    const state = await bench.end(await bench.client.scheduleNewOrchestration(calling));
    expect(state.failure?.innerFailure).toMatchObject({ errorType: "ActivityTaskNotFound" });
  },
};
