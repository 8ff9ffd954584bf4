import {
  defineActivity,
  defineOrchestrator,
  NonRetriableError,
  RemoteError,
  TaskFailedError,
} from "@durabletask/core";
import { expect, it } from "vitest";
import { type Setting, World } from "./world.ts";

/** What operators do with orchestrations, and what activities can rely on while they do it. */
export function describeManagement(setting: Setting): void {
  const echo = defineOrchestrator(
    "echo",
    async (ctx, text: string) => `${text} ${ctx.version ?? ""}`,
  );
  const waiting = defineOrchestrator("waiting", async (ctx) => ctx.waitForExternalEvent("never"));

  it("restarts what has ended, under its own id or a new one", async () => {
    const world = await World.open(setting);
    await world.work([echo, waiting]);
    const id = await world.client.scheduleNewOrchestration(echo, "again", {
      instanceId: "first",
      version: "2",
      tags: { a: "b" },
    });
    await world.end(id);
    const before = (await world.client.getOrchestrationState(id))?.executionId;
    expect(await world.client.restartOrchestration(id)).toBe("first");
    const state = await world.end(id);
    expect([state.output, state.tags, state.executionId === before]).toEqual([
      "again 2",
      { a: "b" },
      false,
    ]);
    const other = await world.client.restartOrchestration(id, { newInstanceId: true });
    expect(other).not.toBe(id);
    expect((await world.end(other)).output).toBe("again 2");
    const running = await world.client.scheduleNewOrchestration(waiting);
    await expect(world.client.restartOrchestration(running)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    await expect(world.client.restartOrchestration("nobody")).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("rewinds a failed orchestration and its child: what succeeded stays, what failed is tried again", async () => {
    const world = await World.open(setting);
    const keys: string[] = [];
    let isBroken = true;
    const first = defineActivity("first", ({ idempotencyKey }) => {
      keys.push(idempotencyKey);
      return "first";
    });
    const second = defineActivity("second", ({ idempotencyKey }) => {
      keys.push(idempotencyKey);
      if (isBroken) throw new Error("broken");
      return "second";
    });
    const child = defineOrchestrator("child", async (ctx) => {
      const retry = { maxNumberOfAttempts: 2, firstRetryInterval: { seconds: 1 } };
      return [await ctx.callActivity(first), await ctx.callActivity(second, undefined, { retry })];
    });
    const parent = defineOrchestrator("parent", async (ctx) => ctx.callSubOrchestrator(child));
    await world.work([first, second, child, parent]);
    const id = await world.client.scheduleNewOrchestration(parent);
    const failed = await world.end(id);
    expect(failed.status).toBe("FAILED");
    isBroken = false;
    await world.client.rewindOrchestration(id, { reason: "mended" });
    const state = await world.end(id);
    expect(state.output).toEqual(["first", "second"]);
    expect(state.executionId).toBe(failed.executionId);
    // Once for the first; twice and once more for the second, always under the key of its first attempt.
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(2);
    await expect(world.client.rewindOrchestration(id)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    await expect(world.client.rewindOrchestration("nobody")).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("purges by filter what has ended, and leaves the rest", async () => {
    const world = await World.open(setting);
    await world.work([echo, waiting]);
    for (const text of ["a", "b", "c"]) {
      await world.end(await world.client.scheduleNewOrchestration(echo, text));
    }
    const running = await world.client.scheduleNewOrchestration(waiting);
    await world.idle();
    const result = await world.client.purgeOrchestrations({ statuses: ["COMPLETED"] });
    expect(result).toEqual({ deletedInstanceCount: 3, isComplete: true });
    const left: string[] = [];
    for await (const { instanceId } of world.client.getAllInstances()) left.push(instanceId);
    expect(left).toEqual([running]);
  });

  it("lists the ids of what has ended in the order in which it ended, page by page", async () => {
    const world = await World.open(setting);
    await world.work([echo, waiting]);
    const ended: string[] = [];
    for (let n = 0; n < 7; n += 1) {
      const id = await world.client.scheduleNewOrchestration(echo, "x", {
        instanceId: `id-${9 - n}`,
      });
      await world.end(id);
      world.clock.advance(1000);
      ended.push(id);
    }
    await world.client.scheduleNewOrchestration(waiting);
    const listed: string[] = [];
    for await (const id of world.client.listInstanceIds({ pageSize: 3 })) listed.push(id);
    expect(listed).toEqual(ended);
    const failed: string[] = [];
    for await (const id of world.client.listInstanceIds({ statuses: ["FAILED"] })) failed.push(id);
    expect(failed).toEqual([]);
  });

  it("empties the task hub, and makes it again", async () => {
    const world = await World.open(setting);
    await world.work([echo]);
    await world.end(await world.client.scheduleNewOrchestration(echo, "x", { instanceId: "gone" }));
    await world.client.deleteTaskHub();
    await world.client.createTaskHub();
    expect(await world.client.getOrchestrationState("gone")).toBeUndefined();
  });

  it("gives an activity the same idempotency key over retries and redelivery", async () => {
    const world = await World.open(setting);
    const keys: string[] = [];
    let interrupted = false;
    const charge = defineActivity("charge", async ({ idempotencyKey, signal, tags }) => {
      keys.push(idempotencyKey);
      expect(Object.keys(tags)).toEqual(["team"]);
      if (keys.length < 3) throw new Error("try again");
      if (interrupted) return "charged";
      interrupted = true;
      return await new Promise<string>((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("stopped")));
      });
    });
    const main = defineOrchestrator("main", async (ctx) => {
      await ctx.createTimer({ seconds: 1 });
      const retry = { maxNumberOfAttempts: 5, firstRetryInterval: { seconds: 1 } };
      return ctx.callActivity(charge, undefined, { retry, tags: { team: "x" } });
    });
    const worker = await world.work([charge, main]);
    const id = await world.client.scheduleNewOrchestration(main);
    for (let step = 0; !interrupted && step < 100; step += 1) {
      await world.idle();
      world.clock.advanceToNext();
    }
    await world.passUntil(worker.stop());
    await world.work([charge, main]);
    const { output, executionId } = await world.end(id);
    expect(output).toBe("charged");
    expect(keys).toHaveLength(4);
    expect(new Set(keys)).toEqual(new Set([`${id}:${executionId}:2`]));
  });

  it("carries the properties of failures to the parent and to the client", async () => {
    const world = await World.open(setting);
    const refuse = defineActivity("refuse", () => {
      throw Object.assign(new NonRetriableError("card expired"), { code: "E42" });
    });
    let seen: unknown;
    const main = defineOrchestrator("main", async (ctx) => {
      try {
        await ctx.callActivity(refuse);
      } catch (error) {
        if (error instanceof TaskFailedError && error.cause instanceof RemoteError) {
          seen = [error.failure.properties, error.cause.properties];
        }
        throw error;
      }
    });
    await world.work([refuse, main], {
      failureProperties: (error) =>
        error instanceof Error && "code" in error ? { code: String(error.code) } : undefined,
    });
    const id = await world.client.scheduleNewOrchestration(main);
    const state = await world.end(id);
    expect(seen).toEqual([{ code: "E42" }, { code: "E42" }]);
    expect(state.failure?.innerFailure?.properties).toEqual({ code: "E42" });
  });
}
