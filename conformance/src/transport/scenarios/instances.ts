import { defineActivity, defineOrchestrator, TaskHubError } from "@durabletask/core";
import { expect } from "vitest";
import type { Bench, Scenarios } from "../bench.ts";

const echo = defineOrchestrator("echo back", async (_, value: string) => value);
const parked = defineOrchestrator("parked here", async (ctx) => {
  ctx.setCustomStatus("parked");
  return ctx.waitForExternalEvent<number>("go");
});

async function park(bench: Bench, instanceId: string): Promise<string> {
  await bench.client.scheduleNewOrchestration(parked, undefined, { instanceId });
  await bench.shows(instanceId, "parked");
  return instanceId;
}

/** One instance in the hands of a client. */
export const instances: Scenarios = {
  async "gives a state that knows everything"(bench) {
    await bench.work([parked]);
    const id = await park(bench, bench.id("known"));
    const state = await bench.client.getOrchestrationState(id);
    expect(state).toMatchObject({
      instanceId: id,
      name: "parked here",
      status: "RUNNING",
      customStatus: "parked",
      completedAt: undefined,
      failure: undefined,
    });
    expect(Date.now() - (state?.createdAt.getTime() ?? 0)).toBeLessThan(60_000);
    const lean = await bench.client.getOrchestrationState(id, { fetchPayloads: false });
    expect([lean?.input, lean?.customStatus]).toEqual([undefined, undefined]);
    await bench.client.raiseOrchestrationEvent(id, "go", 7);
    const ended = await bench.end(id);
    expect(ended).toMatchObject({ status: "COMPLETED", output: 7 });
    expect(ended.completedAt).toBeInstanceOf(Date);
  },

  async "waits for the start and the end, also of what has ended"(bench) {
    await bench.work([echo]);
    const id = await bench.client.scheduleNewOrchestration(echo, "x");
    await bench.begin(id);
    expect((await bench.end(id)).output).toBe("x");
    expect((await bench.end(id)).output).toBe("x");
  },

  async "starts at a time to come"(bench) {
    const timed = defineOrchestrator("starting late", async (ctx) =>
      ctx.currentUtcDateTime.getTime(),
    );
    await bench.work([timed]);
    const start = async (inMs: number) => {
      const startAt = new Date(Date.now() + inMs);
      const id = await bench.client.scheduleNewOrchestration(timed, undefined, { startAt });
      return { id, startAt };
    };
    const late = await start(3_600_000);
    const soon = await start(400);
    expect((await bench.end(soon.id)).output).toBeGreaterThanOrEqual(soon.startAt.getTime());
    expect((await bench.client.getOrchestrationState(late.id))?.status).toBe("PENDING");
    await bench.client.terminateOrchestration(late.id);
  },

  async "terminates what has not started yet"(bench) {
    const startAt = new Date(Date.now() + 3_600_000);
    const id = await bench.client.scheduleNewOrchestration(echo, "never", { startAt });
    await bench.client.terminateOrchestration(id, { output: "too late" });
    const state = await bench.end(id);
    expect(state).toMatchObject({ status: "TERMINATED", terminationOutput: "too late" });
  },

  async "stops waiting at its time limit, and by its signal"(bench) {
    await bench.work([parked]);
    const id = await park(bench, bench.id("endless"));
    const limited = bench.client.waitForOrchestrationCompletion(id, {
      timeout: { milliseconds: 60 },
    });
    await expect(limited).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    const controller = new AbortController();
    const aborted = bench.client.waitForOrchestrationCompletion(id, { signal: controller.signal });
    const reason = new Error("no longer needed");
    setTimeout(() => controller.abort(reason), 30);
    await expect(aborted).rejects.toBe(reason);
    await bench.client.terminateOrchestration(id);
  },

  async "says what it does not find"(bench) {
    const nobody = bench.id("nobody");
    for (const call of [
      () => bench.client.raiseOrchestrationEvent(nobody, "go"),
      () => bench.client.suspendOrchestration(nobody),
      () => bench.client.resumeOrchestration(nobody),
      () => bench.client.terminateOrchestration(nobody),
      () => bench.client.waitForOrchestrationCompletion(nobody),
    ]) {
      const error = await call().then(
        () => "nothing thrown",
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(TaskHubError);
      expect(error).toMatchObject({ code: "NOT_FOUND" });
      expect(String(error)).toContain(nobody);
    }
    expect(await bench.client.getOrchestrationState(nobody)).toBeUndefined();
    expect(await bench.client.getOrchestrationHistory(nobody)).toEqual([]);
    expect(await bench.client.purgeOrchestration(nobody)).toEqual({ deletedInstanceCount: 0 });
  },

  async "refuses an id that is taken, and replaces what has ended"(bench) {
    await bench.work([parked]);
    const instanceId = await park(bench, bench.id("taken"));
    const again = () => bench.client.scheduleNewOrchestration(parked, undefined, { instanceId });
    await expect(again()).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await bench.client.raiseOrchestrationEvent(instanceId, "go", 1);
    const first = await bench.end(instanceId);
    await again();
    await bench.client.raiseOrchestrationEvent(instanceId, "go", 2);
    const second = await bench.end(instanceId);
    expect([first.output, second.output]).toEqual([1, 2]);
    expect(second.executionId).not.toBe(first.executionId);
    const failing = bench.client.scheduleNewOrchestration(parked, undefined, {
      instanceId,
      ifExists: "fail",
    });
    await expect(failing).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
  },

  async "replaces a running instance when told so"(bench) {
    await bench.work([parked, echo]);
    const instanceId = await park(bench, bench.id("replaced"));
    await bench.client.scheduleNewOrchestration(echo, "new", {
      instanceId,
      ifExists: ["RUNNING", "TERMINATED"],
    });
    expect(await bench.end(instanceId)).toMatchObject({ name: "echo back", output: "new" });
    const forbidden = bench.client.scheduleNewOrchestration(echo, "new", {
      instanceId,
      ifExists: ["RUNNING"],
    });
    await expect(forbidden).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  },

  async "suspends and resumes, with reasons in the history"(bench) {
    await bench.work([parked]);
    const id = await park(bench, bench.id("suspended"));
    const isSuspended = async () =>
      (await bench.client.getOrchestrationState(id))?.status === "SUSPENDED";
    await bench.client.suspendOrchestration(id, { reason: "month's end" });
    await bench.until(isSuspended);
    await bench.client.raiseOrchestrationEvent(id, "go", 7);
    expect(await isSuspended()).toBe(true);
    await bench.client.resumeOrchestration(id, { reason: "books closed" });
    expect((await bench.end(id)).output).toBe(7);
    const history = await bench.client.getOrchestrationHistory(id);
    const reasons = history.flatMap((event) =>
      event.type === "executionSuspended" || event.type === "executionResumed" ? event.input : [],
    );
    expect(reasons).toEqual(["month's end", "books closed"]);
  },

  async "terminates with its children, and takes signals to what has ended"(bench) {
    const parent = defineOrchestrator("parent of parked", async (ctx, instanceId: string) =>
      ctx.callSubOrchestrator(parked, undefined, { instanceId }),
    );
    await bench.work([parked, parent]);
    const child = bench.id("child");
    const id = await bench.client.scheduleNewOrchestration(parent, child);
    await bench.until(async () => (await bench.client.getOrchestrationState(child)) !== undefined);
    await bench.client.terminateOrchestration(id, { output: { why: "enough" }, recursive: true });
    const state = await bench.end(id);
    expect(state).toMatchObject({ status: "TERMINATED", terminationOutput: { why: "enough" } });
    expect((await bench.end(child)).status).toBe("TERMINATED");
    await bench.client.raiseOrchestrationEvent(id, "go", 1);
    await bench.client.terminateOrchestration(id);
    expect((await bench.end(id)).terminationOutput).toEqual({ why: "enough" });
  },

  async "tells its history, event by event, in the scheduler's order"(bench) {
    const noop = defineActivity("noop", () => "done");
    const child = defineOrchestrator("a child", async () => "child");
    const all = defineOrchestrator("one of each", async (ctx) => {
      await ctx.callActivity(noop);
      await ctx.createTimer({ milliseconds: 10 });
      return ctx.callSubOrchestrator(child);
    });
    await bench.work([noop, child, all]);
    const id = await bench.client.scheduleNewOrchestration(all);
    await bench.end(id);
    const history = await bench.client.getOrchestrationHistory(id);
    expect(history.map(({ type }) => type)).toEqual([
      "orchestratorStarted",
      "executionStarted",
      "taskScheduled",
      "orchestratorStarted",
      "taskCompleted",
      "timerCreated",
      "orchestratorStarted",
      "timerFired",
      "subOrchestrationInstanceCreated",
      "orchestratorStarted",
      "subOrchestrationInstanceCompleted",
      "executionCompleted",
    ]);
    const times = history.map(({ timestamp }) => timestamp.getTime());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  },
};
