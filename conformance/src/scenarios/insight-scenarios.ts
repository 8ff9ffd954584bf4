import { defineActivity, defineOrchestrator, TaskHubClient } from "@durabletask/core";
import { expect, it } from "vitest";
import { type Setting, World } from "./world.ts";

/** What can be found out about an orchestration: why it waits, and what happened to it. */
export function describeInsight(setting: Setting): void {
  const stuck = defineActivity("stuck", async () => await new Promise<string>(() => {}));
  const child = defineOrchestrator("child", async (ctx) => ctx.waitForExternalEvent("never"));
  const waiting = defineOrchestrator("waiting", async (ctx) => {
    const all = [
      ctx.callActivity(stuck),
      ctx.callSubOrchestrator(child, undefined, { instanceId: "the-child" }),
      ctx.waitForExternalEvent("Approval"),
      ctx.waitForExternalEvent("approval"),
      ctx.createTimer({ days: 2 }),
    ];
    await Promise.race(all);
    await Promise.all(all);
  });

  it("explains what an orchestration waits for, and since when", async () => {
    const world = await World.open(setting);
    const worker = await world.work([stuck, child, waiting], { shutdownTimeout: { seconds: 1 } });
    const id = await world.client.scheduleNewOrchestration(waiting, undefined, { instanceId: "w" });
    const since = new Date(world.clock.now());
    await world.idle();
    world.clock.advance(5000);
    const explanation = await world.client.explain(id);
    expect(explanation).toMatchObject({
      instanceId: "w",
      status: "RUNNING",
      activities: [{ id: 1, name: "stuck", since }],
      children: [{ id: 2, name: "child", instanceId: "the-child", since }],
      timers: [{ id: 3, since, fireAt: new Date(since.getTime() + 2 * 86_400_000) }],
      locks: [],
      events: "unknown",
    });
    const replayed = await world.client.explain(waiting, id);
    expect(replayed?.events).toEqual(["Approval", "approval"]);
    expect(replayed?.summary).toContain("it waits for activity 'stuck' (#1)");
    expect(replayed?.summary).toContain("event 'Approval'");
    expect(replayed?.hasWorker).toBe(true);
    expect(await world.client.explain("nobody")).toBeUndefined();
    await world.client.terminateOrchestration(id);
    expect(await world.client.explain(waiting, id)).toMatchObject({
      activities: [],
      events: [],
      summary: "it is TERMINATED",
    });
    await world.passUntil(worker.stop());
  });

  it("tells the whole flow of an instance in the debug log, by stable names", async () => {
    const world = await World.open(setting);
    const lines: string[] = [];
    const debug = (fields: Readonly<Record<string, unknown>>): void => {
      lines.push(`${String(fields["instanceId"])} ${String(fields["event"])}`);
    };
    const hello = defineActivity("hello", (ctx, name: string) => {
      ctx.logger.debug("saying hello");
      return `Hello, ${name}!`;
    });
    const greet = defineOrchestrator("greet", async (ctx, name: string) => {
      ctx.logger.debug({ name }, "greeting");
      const greeting = await ctx.callActivity(hello, name);
      ctx.logger.debug("greeted");
      return greeting;
    });
    const logger = { debug };
    const client = new TaskHubClient(world.hub, { clock: world.clock, logger });
    await world.work([hello, greet], { logger });
    const id = await client.scheduleNewOrchestration(greet, "Ada", { instanceId: "flow" });
    await world.end(id);
    await world.idle();
    const flow = lines.filter((line) => line.startsWith("flow ")).map((line) => line.slice(5));
    expect(flow.filter((event) => event !== "client.scheduled")).toEqual([
      "turn.started",
      "orchestrator.log",
      "turn.completed",
      "activity.started",
      "activity.log",
      "activity.completed",
      "turn.started",
      "orchestrator.log",
      "turn.completed",
    ]);
    expect(flow).toContain("client.scheduled");
  });

  it("asks the hub only for what is registered, if told so", async () => {
    const world = await World.open(setting);
    const here = defineActivity("here", () => "here");
    const main = defineOrchestrator("main", async (ctx) => [
      await ctx.callActivity<string>("here"),
      await ctx.callActivity<string>("there"),
    ]);
    await world.work([here, main], { workItemFilters: "auto" });
    const id = await world.client.scheduleNewOrchestration(main);
    await world.idle();
    const stuck = await world.client.explain(id);
    expect(stuck).toMatchObject({
      hasWorker: true,
      activities: [{ name: "there", hasWorker: false }],
    });
    expect(stuck?.summary).toContain("activity 'there' (#2), which no connected worker can take");
    const there = defineActivity("there", () => "there");
    await world.work([there], {
      workItemFilters: { activities: [{ name: "there" }] },
    });
    expect((await world.end(id)).output).toEqual(["here", "there"]);
  });
}
