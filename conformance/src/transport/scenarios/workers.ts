import { defineActivity, defineOrchestrator, whenAll } from "@durabletask/core";
import { expect } from "vitest";
import type { Scenarios } from "../bench.ts";

/** An activity that ends when the scenario says so. */
function gate(name: string) {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  const activity = defineActivity(name, async () => {
    enter();
    await opened;
    return "through";
  });
  return { activity, entered, open };
}

const quick = defineActivity("quick", (_, n: number) => n + 1);
const counting = defineOrchestrator("counting up", async (ctx, n: number) => {
  let value = 0;
  while (value < n) value = await ctx.callActivity(quick, value);
  return value;
});

/** What whoever runs workers can rely on. */
export const workers: Scenarios = {
  async "brings what is under way to its end when it stops"(bench) {
    const { activity, entered, open } = gate("slow");
    const main = defineOrchestrator("slow main", async (ctx) => ctx.callActivity(activity));
    const worker = await bench.work([activity, main]);
    const id = await bench.client.scheduleNewOrchestration(main);
    await entered;
    const stopped = worker.stop();
    open();
    await stopped;
    const after = defineActivity("slow", () => "ran again");
    await bench.work([after, main]);
    expect((await bench.end(id)).output).toBe("through");
  },

  async "gives what it cannot end in time to another worker at once"(bench) {
    const { activity, entered, open } = gate("stuck");
    const main = defineOrchestrator("stuck main", async (ctx) => ctx.callActivity(activity));
    const worker = await bench.work([activity, main], { shutdownTimeout: { milliseconds: 20 } });
    const id = await bench.client.scheduleNewOrchestration(main);
    await entered;
    await worker.stop();
    const after = defineActivity("stuck", () => "elsewhere");
    await bench.work([after, main]);
    expect((await bench.end(id)).output).toBe("elsewhere");
    open();
  },

  async "starts again after it was stopped"(bench) {
    const worker = await bench.work([quick, counting]);
    await worker.stop();
    await worker.start();
    const id = await bench.client.scheduleNewOrchestration(counting, 3);
    expect((await bench.end(id)).output).toBe(3);
  },

  async "shares the work among several"(bench) {
    for (let i = 0; i < 3; i += 1) {
      await bench.work([quick, counting], {
        concurrency: { orchestrations: 2, activities: 2 },
        sessions: i === 0 ? false : {},
      });
    }
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => bench.client.scheduleNewOrchestration(counting, 5)),
    );
    const states = await Promise.all(ids.map((id) => bench.end(id)));
    expect(new Set(states.map(({ output }) => output))).toEqual(new Set([5]));
  },

  async "runs no more at a time than it may"(bench) {
    let running = 0;
    let most = 0;
    const counted = defineActivity("counted", async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => void setTimeout(resolve, 5));
      running -= 1;
    });
    const many = defineOrchestrator("many", async (ctx) => {
      await whenAll(Array.from({ length: 20 }, () => ctx.callActivity(counted)));
    });
    await bench.work([counted, many], { concurrency: { activities: 3 } });
    const id = await bench.client.scheduleNewOrchestration(many);
    expect((await bench.end(id)).status).toBe("COMPLETED");
    expect(most).toBe(3);
  },

  async "gets only what it has asked for"(bench) {
    const here = defineActivity("here only", () => "here");
    const there = defineActivity("there only", () => "there");
    const main = defineOrchestrator("here and there", async (ctx) =>
      Promise.all([ctx.callActivity(here), ctx.callActivity(there)]),
    );
    await bench.work([here, main], { workItemFilters: "auto" });
    await bench.work([there], { workItemFilters: "auto" });
    const id = await bench.client.scheduleNewOrchestration(main);
    expect((await bench.end(id)).output).toEqual(["here", "there"]);
  },

  async "leaves versions that it does not take to others"(bench) {
    const old = defineOrchestrator("versioned", async () => "old");
    const young = defineOrchestrator("versioned", async () => "new");
    await bench.work([old], { versioning: { version: "1.0", matchStrategy: "strict" } });
    await bench.work([young], { versioning: { version: "2.0", matchStrategy: "strict" } });
    for (const [version, output] of [
      ["2.0", "new"],
      ["1.0", "old"],
    ] as const) {
      const id = await bench.client.scheduleNewOrchestration(young, undefined, { version });
      expect((await bench.end(id)).output).toBe(output);
    }
  },

  async "does the same with sessions, without, and with hardly any"(bench) {
    for (const sessions of [{}, false, { count: 1 }] as const) {
      const worker = await bench.work([quick, counting], { sessions });
      const ids = await Promise.all(
        [10, 20, 30].map((n) => bench.client.scheduleNewOrchestration(counting, n)),
      );
      const states = await Promise.all(ids.map((id) => bench.end(id)));
      expect(states.map(({ output }) => output)).toEqual([10, 20, 30]);
      await worker.stop();
    }
  },

  async "finishes what was scheduled while nobody worked"(bench) {
    const ids = await Promise.all(
      Array.from({ length: 10 }, (_, i) => bench.client.scheduleNewOrchestration(counting, i)),
    );
    await bench.work([quick, counting]);
    const states = await Promise.all(ids.map((id) => bench.end(id)));
    expect(states.map(({ output }) => output)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  },
};
