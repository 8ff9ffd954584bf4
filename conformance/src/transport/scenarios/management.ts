import { defineActivity, defineOrchestrator } from "@durabletask/core";
import { expect } from "vitest";
import type { Bench, Scenarios } from "../bench.ts";

const once = defineOrchestrator("once", async (_, value: string) => value);
const parked = defineOrchestrator("parked for management", async (ctx) => {
  ctx.setCustomStatus("parked");
  return ctx.waitForExternalEvent("go");
});

async function finish(bench: Bench, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const instanceId = bench.id(name);
    await bench.end(await bench.client.scheduleNewOrchestration(once, name, { instanceId }));
  }
}

/** Many instances in the hands of a client, and what brings one back. */
export const management: Scenarios = {
  async "finds instances by prefix and status, page by page"(bench) {
    await bench.work([once, parked]);
    await finish(bench, "a", "b", "c", "d", "e");
    const open = bench.id("open");
    await bench.client.scheduleNewOrchestration(parked, undefined, { instanceId: open });
    await bench.shows(open, "parked");
    const query = { instanceIdPrefix: bench.prefix, pageSize: 2 };
    const found: string[] = [];
    for await (const state of bench.client.getAllInstances(query)) found.push(state.instanceId);
    expect(found.toSorted()).toEqual(["a", "b", "c", "d", "e", "open"].map((n) => bench.id(n)));
    const pages: number[] = [];
    const running = bench.client.getAllInstances({ ...query, statuses: ["RUNNING"] });
    for await (const page of running.byPage()) pages.push(page.orchestrations.length);
    expect(pages.reduce((sum, n) => sum + n, 0)).toBe(1);
    await bench.client.terminateOrchestration(open);
  },

  async "fetches payloads with a query only when told so"(bench) {
    await bench.work([once]);
    await finish(bench, "payload");
    for (const fetchPayloads of [false, true]) {
      const query = { instanceIdPrefix: bench.prefix, fetchPayloads };
      for await (const state of bench.client.getAllInstances(query)) {
        expect(state.input).toBe(fetchPayloads ? "payload" : undefined);
      }
    }
  },

  async "lists the ids of what has ended, page by page"(bench) {
    await bench.work([once]);
    await finish(bench, "1", "2", "3");
    const listed: string[] = [];
    for await (const id of bench.client.listInstanceIds({ pageSize: 2 })) listed.push(id);
    const mine = listed.filter((id) => id.startsWith(bench.prefix));
    expect(mine).toEqual(["1", "2", "3"].map((n) => bench.id(n)));
  },

  async "purges by id"(bench) {
    await bench.work([once]);
    await finish(bench, "gone");
    expect(await bench.client.purgeOrchestration(bench.id("gone"))).toEqual({
      deletedInstanceCount: 1,
    });
    expect(await bench.client.getOrchestrationState(bench.id("gone"))).toBeUndefined();
  },

  async "purges with children when told so"(bench) {
    const parent = defineOrchestrator("purged parent", async (ctx, instanceId: string) =>
      ctx.callSubOrchestrator(once, "child", { instanceId }),
    );
    await bench.work([once, parent]);
    const child = bench.id("purged child");
    const id = await bench.client.scheduleNewOrchestration(parent, child);
    await bench.end(id);
    const purged = await bench.client.purgeOrchestration(id, { recursive: true });
    expect(purged).toEqual({ deletedInstanceCount: 2 });
    expect(await bench.client.getOrchestrationState(child)).toBeUndefined();
  },

  async "purges by filter, and only what has ended"(bench) {
    await bench.work([once, parked]);
    const createdFrom = new Date();
    await finish(bench, "old 1", "old 2");
    const open = bench.id("still open");
    await bench.client.scheduleNewOrchestration(parked, undefined, { instanceId: open });
    await bench.shows(open, "parked");
    const purged = await bench.client.purgeOrchestrations({ createdFrom });
    expect(purged.deletedInstanceCount).toBeGreaterThanOrEqual(2);
    expect(await bench.client.getOrchestrationState(bench.id("old 1"))).toBeUndefined();
    expect(await bench.client.getOrchestrationState(open)).toBeDefined();
    await bench.client.terminateOrchestration(open);
  },

  async "restarts under the same id, and under a new one"(bench) {
    await bench.work([once]);
    await finish(bench, "again");
    const before = await bench.client.getOrchestrationState(bench.id("again"));
    await bench.client.restartOrchestration(bench.id("again"));
    await bench.until(async () => {
      const now = await bench.client.getOrchestrationState(bench.id("again"));
      // Some hubs do not tell the execution, and two may be created within one millisecond.
      const isAnother =
        now?.executionId !== before?.executionId ||
        Number(now?.createdAt) > Number(before?.createdAt);
      return isAnother && now?.status === "COMPLETED";
    });
    const other = await bench.client.restartOrchestration(bench.id("again"), {
      newInstanceId: true,
    });
    expect(other).not.toBe(bench.id("again"));
    expect((await bench.end(other)).output).toBe("again");
  },

  async "rewinds what has failed"(bench) {
    let isMended = false;
    const before = defineActivity("before", () => "kept");
    const broken = defineActivity("broken", () => {
      if (!isMended) throw new Error("broken");
      return "mended";
    });
    const main = defineOrchestrator("to be rewound", async (ctx) => [
      await ctx.callActivity(before),
      await ctx.callActivity(broken),
    ]);
    await bench.work([before, broken, main]);
    const id = await bench.client.scheduleNewOrchestration(main);
    expect((await bench.end(id)).status).toBe("FAILED");
    isMended = true;
    await bench.client.rewindOrchestration(id, { reason: "mended" });
    await bench.until(
      async () => (await bench.client.getOrchestrationState(id))?.status === "COMPLETED",
    );
    expect((await bench.client.getOrchestrationState(main, id))?.output).toEqual([
      "kept",
      "mended",
    ]);
  },

  async "explains what an instance waits for"(bench) {
    const waiting = defineOrchestrator("waiting for all", async (ctx) => {
      ctx.setCustomStatus("waiting");
      await Promise.all([ctx.createTimer({ hours: 1 }), ctx.waitForExternalEvent("go")]);
    });
    await bench.work([waiting]);
    const id = await bench.client.scheduleNewOrchestration(waiting);
    await bench.shows(id, "waiting");
    const explanation = await bench.client.explain(waiting, id);
    expect(explanation).toMatchObject({ timers: [{}], events: ["go"] });
    await bench.client.terminateOrchestration(id);
  },
};
