import { defineActivity, defineOrchestrator, TaskHubClient } from "@durabletask/core";
import { expect, it } from "vitest";
import { type Setting, World } from "./world.ts";

/** What deployments rely on: versions side by side, and workers of two versions on one hub. */
export function describeVersions(setting: Setting): void {
  /** Tells which deployment ran it, before and after a wait. */
  const deployment = (label: string) =>
    defineOrchestrator("process", async (ctx) => {
      const before = label;
      await ctx.waitForExternalEvent("go");
      return `${before}>${label} ${ctx.version ?? "none"}`;
    });

  it("takes the version from the call, the definition or the client's default, in this order", async () => {
    const world = await World.open(setting);
    const version = defineOrchestrator("version", async (ctx) => ctx.version ?? "none");
    const defined = defineOrchestrator("version", { version: "3.0" }, async (ctx) => ctx.version);
    await world.work([version, defined]);
    const plain = world.client;
    const client = new TaskHubClient(world.hub, { clock: world.clock, defaultVersion: "2.0" });
    const outputs: unknown[] = [];
    for (const id of [
      await plain.scheduleNewOrchestration(version),
      await plain.scheduleNewOrchestration(defined),
      await client.scheduleNewOrchestration(defined),
      await plain.scheduleNewOrchestration(version, undefined, { version: "" }),
    ]) {
      outputs.push((await world.end(id)).output);
    }
    expect(outputs).toEqual(["none", "3.0", "3.0", ""]);
    const id = await client.scheduleNewOrchestration(version);
    expect((await client.getOrchestrationState(id))?.version).toBe("2.0");
  });

  it("gives children the worker's default, never the parent's version", async () => {
    const world = await World.open(setting);
    const child = defineOrchestrator("child", async (ctx) => ctx.version ?? "none");
    const parent = defineOrchestrator("parent", async (ctx) => [
      await ctx.callSubOrchestrator(child),
      await ctx.callSubOrchestrator(child, undefined, { version: "9" }),
      ctx.compareVersionTo("1.1"),
    ]);
    await world.work([child, parent], { versioning: { defaultVersion: "7.0" } });
    const id = await world.client.scheduleNewOrchestration(parent, undefined, { version: "1.0" });
    expect((await world.end(id)).output).toEqual(["7.0", "9", -1]);
  });

  it("runs several versions of a name side by side", async () => {
    const world = await World.open(setting);
    const one = defineActivity("greet", { version: "1" }, () => "one");
    const two = defineActivity("greet", { version: "2" }, () => "two");
    const oldMain = defineOrchestrator("main", { version: "1" }, async (ctx) =>
      ctx.callActivity(one),
    );
    const newMain = defineOrchestrator("main", { version: "2" }, async (ctx) =>
      ctx.callActivity(two),
    );
    const anyMain = defineOrchestrator("any", async (ctx) => ctx.version ?? "none");
    await world.work([one, two, oldMain, newMain, anyMain]);
    expect((await world.end(await world.client.scheduleNewOrchestration(oldMain))).output).toBe(
      "one",
    );
    expect((await world.end(await world.client.scheduleNewOrchestration(newMain))).output).toBe(
      "two",
    );
    const any = await world.client.scheduleNewOrchestration(anyMain, undefined, { version: "5" });
    expect((await world.end(any)).output).toBe("5");
    const unknown = await world.client.scheduleNewOrchestration("main", undefined, {
      version: "3",
    });
    expect((await world.end(unknown)).failure).toMatchObject({
      errorType: "OrchestratorTaskNotFound",
      errorMessage: expect.stringContaining("in version '3'"),
    });
  });

  it.each([
    ["strict", "1.0", "The orchestration version '1.0' does not match the worker version '2.0'."],
    [
      "currentOrOlder",
      "3.0",
      "The orchestration version '3.0' is greater than the worker version '2.0'.",
    ],
  ] as const)(
    "fails what does not fit, if told so (%s)",
    async (matchStrategy, version, message) => {
      const world = await World.open(setting);
      const versioning = { version: "2.0", matchStrategy, failureStrategy: "fail" } as const;
      await world.work([deployment("v2")], { versioning });
      const id = await world.client.scheduleNewOrchestration("process", undefined, { version });
      expect((await world.end(id)).failure).toMatchObject({
        errorType: "VersionMismatch",
        errorMessage: message,
        isNonRetriable: true,
      });
    },
  );

  it.each(["strict", "currentOrOlder"] as const)(
    "rolls a deployment out: two workers on one hub, nothing fails that a worker could have taken (%s)",
    async (matchStrategy) => {
      const world = await World.open(setting);
      const versioning = (version: string) =>
        ({ version, matchStrategy, failureStrategy: "reject" }) as const;
      const old = await world.work([deployment("v1")], { versioning: versioning("1.0") });
      const before = await schedule(world, "1.0", 4);
      // Too new for the worker that is there: they wait.
      const early = await schedule(world, "2.0", 4);
      await world.idle();
      expect((await world.client.getOrchestrationState(early[0] ?? ""))?.status).toBe("PENDING");
      const fresh = await world.work([deployment("v2")], { versioning: versioning("2.0") });
      const after = await schedule(world, "2.0", 4);
      await world.passUntil(
        Promise.all([...early, ...after].map((id) => world.client.waitForOrchestrationStart(id))),
      );
      for (const id of [...before, ...early, ...after])
        await world.client.raiseOrchestrationEvent(id, "go");
      for (const id of before) {
        const { output } = await world.passUntil(world.client.waitForOrchestrationCompletion(id));
        expect(output).toMatch(matchStrategy === "strict" ? /^v1>v1 1\.0$/u : / 1\.0$/u);
      }
      for (const id of [...early, ...after]) {
        const { output } = await world.passUntil(world.client.waitForOrchestrationCompletion(id));
        expect(output).toBe("v2>v2 2.0");
      }
      await old.stop();
      await fresh.stop();
    },
  );
}

async function schedule(world: World, version: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    ids.push(await world.client.scheduleNewOrchestration("process", undefined, { version }));
  }
  return ids;
}
