import { defineActivity, defineOrchestrator, TaskFailedError, whenAny } from "@durabletask/core";
import { expect } from "vitest";
import type { Scenarios } from "../bench.ts";

const hello = defineActivity("hello", (_, name: string) => `Hello, ${name}!`);
const greet = defineOrchestrator("greet", async (ctx, name: string) =>
  ctx.callActivity(hello, name),
);
const parked = defineOrchestrator("parked", async (ctx) => {
  ctx.setCustomStatus("parked");
  return ctx.waitForExternalEvent<string>("go");
});

/** What an orchestrator can do besides calling activities. */
export const orchestrations: Scenarios = {
  async "lets timers fire in order, and never early"(bench) {
    const timed = defineOrchestrator("timed", async (ctx) => {
      const begun = ctx.currentUtcDateTime.getTime();
      const late = ctx.createTimer({ milliseconds: 120 });
      const soon = ctx.createTimer({ milliseconds: 40 });
      const { index } = await whenAny([late, soon]);
      await late;
      return { index, elapsed: ctx.currentUtcDateTime.getTime() - begun };
    });
    await bench.work([timed]);
    const { output } = await bench.end(await bench.client.scheduleNewOrchestration(timed));
    expect(output.index).toBe(1);
    expect(output.elapsed).toBeGreaterThanOrEqual(120);
  },

  async "runs children, side by side and by id"(bench) {
    const parent = defineOrchestrator("parent", async (ctx, prefix: string) => {
      const named = ctx.callSubOrchestrator(greet, "Ada", { instanceId: `${prefix}ada` });
      return await Promise.all([named, ctx.callSubOrchestrator(greet, "Grace")]);
    });
    await bench.work([hello, greet, parent]);
    const id = await bench.client.scheduleNewOrchestration(parent, bench.prefix);
    expect((await bench.end(id)).output).toEqual(["Hello, Ada!", "Hello, Grace!"]);
    const child = await bench.client.getOrchestrationState(bench.id("ada"));
    expect(child).toMatchObject({ status: "COMPLETED", parentInstanceId: id });
  },

  async "fails the call of a child whose id is taken"(bench) {
    const parent = defineOrchestrator("taking", async (ctx, child: string) => {
      try {
        return await ctx.callSubOrchestrator("parked", undefined, { instanceId: child });
      } catch (error) {
        return error instanceof TaskFailedError ? "taken" : "other";
      }
    });
    await bench.work([parked, parent]);
    const taken = bench.id("taken");
    await bench.client.scheduleNewOrchestration(parked, undefined, { instanceId: taken });
    await bench.begin(taken);
    const id = await bench.client.scheduleNewOrchestration(parent, taken);
    expect((await bench.end(id)).output).toBe("taken");
    await bench.client.terminateOrchestration(taken);
  },

  async "tries a child again under the same id"(bench) {
    let calls = 0;
    const ids = new Set<string>();
    const shaky = defineActivity("shaky", (ctx) => {
      calls += 1;
      ids.add(ctx.instanceId);
      if (calls < 3) throw new Error("not yet");
      return calls;
    });
    const child = defineOrchestrator("shaky child", async (ctx) => ctx.callActivity(shaky));
    const parent = defineOrchestrator("patient parent", async (ctx) =>
      ctx.callSubOrchestrator(child, undefined, {
        retry: { maxNumberOfAttempts: 5, firstRetryInterval: { milliseconds: 20 } },
      }),
    );
    await bench.work([shaky, child, parent]);
    const id = await bench.client.scheduleNewOrchestration(parent);
    expect((await bench.end(id)).output).toBe(3);
    expect(ids.size).toBe(1);
  },

  async "continues as new, as often as it likes"(bench) {
    const counting = defineOrchestrator("counting", async (ctx, n: number): Promise<string> => {
      const greeting = await ctx.callActivity(hello, String(n));
      return n === 0 ? greeting : ctx.continueAsNew(n - 1);
    });
    await bench.work([hello, counting]);
    const id = await bench.client.scheduleNewOrchestration(counting, 10);
    const state = await bench.end(id);
    expect(state.output).toBe("Hello, 0!");
    const history = await bench.client.getOrchestrationHistory(id);
    expect(history.filter(({ type }) => type === "taskScheduled")).toHaveLength(1);
  },

  async "shows its custom status while it runs and afterwards"(bench) {
    await bench.work([parked]);
    const id = await bench.client.scheduleNewOrchestration(parked);
    await bench.shows(id, "parked");
    await bench.client.raiseOrchestrationEvent(id, "go", "on");
    expect(await bench.end(id)).toMatchObject({ output: "on", customStatus: "parked" });
  },

  async "keeps version, tags and parent"(bench) {
    const inner = defineOrchestrator("inner facts", async (ctx) => [
      ctx.version ?? "none",
      ctx.tags["a"] ?? "none",
      ctx.parent?.name ?? "none",
    ]);
    const outer = defineOrchestrator("outer facts", async (ctx) => [
      ctx.version ?? "none",
      ctx.tags["team"] ?? "none",
      await ctx.callSubOrchestrator(inner, undefined, { version: "3.1", tags: { a: "b" } }),
    ]);
    await bench.work([inner, outer]);
    const id = await bench.client.scheduleNewOrchestration(outer, undefined, {
      version: "2.0",
      tags: { team: "blue" },
    });
    const state = await bench.end(id);
    expect(state.output).toEqual(["2.0", "blue", ["3.1", "b", "outer facts"]]);
    expect(state).toMatchObject({ version: "2.0", tags: { team: "blue" } });
  },

  async "gives the same ids and random numbers on every replay"(bench) {
    const chance = defineOrchestrator("chance", async (ctx) => {
      const before = [ctx.newGuid(), ctx.random()];
      await ctx.createTimer({ milliseconds: 10 });
      const after = [ctx.newGuid(), ctx.random()];
      await ctx.createTimer({ milliseconds: 10 });
      return [...before, ...after];
    });
    await bench.work([chance], { sessions: false });
    const { output } = await bench.end(await bench.client.scheduleNewOrchestration(chance));
    expect(new Set(output).size).toBe(4);
  },

  async "replays a history of more than 4 MB"(bench) {
    const part = defineActivity("part", (_, i: number) => String(i).repeat(512 * 1024));
    const hoarder = defineOrchestrator("hoarder", async (ctx) => {
      let length = 0;
      for (let i = 0; i < 10; i += 1) length += (await ctx.callActivity(part, i)).length;
      return length;
    });
    await bench.work([part, hoarder], { sessions: false });
    const id = await bench.client.scheduleNewOrchestration(hoarder);
    expect((await bench.end(id)).output).toBe(10 * 512 * 1024);
    const history = await bench.client.getOrchestrationHistory(id);
    expect(history.filter(({ type }) => type === "taskCompleted")).toHaveLength(10);
  },

  async "fails an orchestration that nobody has registered"(bench) {
    await bench.work([greet]);
    const state = await bench.end(await bench.client.scheduleNewOrchestration("nobody knows it"));
    expect(state.failure).toMatchObject({
      errorType: "OrchestratorTaskNotFound",
      isNonRetriable: true,
    });
  },
};
