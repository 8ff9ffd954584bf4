import { defineEvent, defineOrchestrator, EventTimeoutError, whenAny } from "@durabletask/core";
import { expect } from "vitest";
import type { Scenarios } from "../bench.ts";

const approval = defineEvent<{ readonly by: string }>("approval");

/** Events from outside and between orchestrations. */
export const events: Scenarios = {
  async "hands events to whoever waits, in order and whatever the case of their name"(bench) {
    const collecting = defineOrchestrator("collecting", async (ctx) => {
      ctx.setCustomStatus("waiting");
      const waits = [1, 2, 3].map(() => ctx.waitForExternalEvent<number>("Item"));
      return await Promise.all(waits);
    });
    await bench.work([collecting]);
    const id = await bench.client.scheduleNewOrchestration(collecting);
    await bench.shows(id, "waiting");
    for (const n of [1, 2, 3]) await bench.client.raiseOrchestrationEvent(id, "iTEM", n);
    expect((await bench.end(id)).output).toEqual([1, 2, 3]);
  },

  async "keeps events that come before somebody waits"(bench) {
    const patient = defineOrchestrator("patient", async (ctx) => {
      ctx.setCustomStatus("not yet");
      await ctx.waitForExternalEvent("now");
      return [await ctx.waitForExternalEvent("early"), await ctx.waitForExternalEvent("early")];
    });
    await bench.work([patient]);
    const id = await bench.client.scheduleNewOrchestration(patient);
    await bench.shows(id, "not yet");
    await bench.client.raiseOrchestrationEvent(id, "early", "first");
    await bench.client.raiseOrchestrationEvent(id, "early", "second");
    await bench.client.raiseOrchestrationEvent(id, "now");
    expect((await bench.end(id)).output).toEqual(["first", "second"]);
  },

  async "gives up waiting when told so, and swallows no event"(bench) {
    const asking = defineOrchestrator("asking twice", async (ctx) => {
      try {
        await ctx.waitForExternalEvent("answer", { timeout: { milliseconds: 30 } });
      } catch (error) {
        if (!(error instanceof EventTimeoutError)) throw error;
        ctx.setCustomStatus("timed out");
      }
      return ctx.waitForExternalEvent("answer");
    });
    await bench.work([asking]);
    const id = await bench.client.scheduleNewOrchestration(asking);
    await bench.shows(id, "timed out");
    await bench.client.raiseOrchestrationEvent(id, "answer", 42);
    expect((await bench.end(id)).output).toBe(42);
  },

  async "races an event against a timer"(bench) {
    const racing = defineOrchestrator("racing", async (ctx) => {
      ctx.setCustomStatus("racing");
      const timer = ctx.createTimer({ hours: 1 });
      const winner = await whenAny([ctx.waitForExternalEvent(approval), timer]);
      timer.cancel();
      return winner.index === 0 && "value" in winner ? winner.value.by : "nobody";
    });
    await bench.work([racing]);
    const id = await bench.client.scheduleNewOrchestration(racing);
    await bench.shows(id, "racing");
    await bench.client.raiseOrchestrationEvent(id, approval, { by: "Grace" });
    expect((await bench.end(id)).output).toBe("Grace");
  },

  async "sends events between orchestrations"(bench) {
    const receiver = defineOrchestrator("receiver", async (ctx) => {
      ctx.setCustomStatus("ready");
      return (await ctx.waitForExternalEvent(approval)).by;
    });
    const sender = defineOrchestrator("sender", async (ctx, target: string) => {
      ctx.sendEvent(target, approval, { by: ctx.instanceId });
    });
    await bench.work([receiver, sender]);
    const target = await bench.client.scheduleNewOrchestration(receiver);
    await bench.shows(target, "ready");
    const id = await bench.client.scheduleNewOrchestration(sender, target);
    expect((await bench.end(target)).output).toBe(id);
    const sent = await bench.client.getOrchestrationHistory(id);
    expect(sent.map(({ type }) => type)).toContain("eventSent");
  },

  async "takes unprocessed events along when it continues as new"(bench) {
    const taking = defineOrchestrator("taking along", async (ctx, got: readonly number[]) => {
      ctx.setCustomStatus(got.length);
      if (got.length === 0) await ctx.waitForExternalEvent("begin");
      const all = [...got, await ctx.waitForExternalEvent<number>("n")];
      return all.length === 3 ? all : ctx.continueAsNew(all);
    });
    await bench.work([taking]);
    const id = await bench.client.scheduleNewOrchestration(taking, []);
    await bench.shows(id, 0);
    for (const n of [1, 2, 3]) await bench.client.raiseOrchestrationEvent(id, "n", n);
    await bench.client.raiseOrchestrationEvent(id, "begin");
    expect((await bench.end(id)).output).toEqual([1, 2, 3]);
  },

  async "carries an event of 1 MB, and one without data"(bench) {
    const weighing = defineOrchestrator("weighing", async (ctx) => {
      ctx.setCustomStatus("ready");
      const heavy = await ctx.waitForExternalEvent<string>("heavy");
      const light = await ctx.waitForExternalEvent("light");
      return [heavy.length, light === undefined];
    });
    await bench.work([weighing]);
    const id = await bench.client.scheduleNewOrchestration(weighing);
    await bench.shows(id, "ready");
    await bench.client.raiseOrchestrationEvent(id, "heavy", "x".repeat(1024 * 1024));
    await bench.client.raiseOrchestrationEvent(id, "light");
    expect((await bench.end(id)).output).toEqual([1024 * 1024, true]);
  },
};
