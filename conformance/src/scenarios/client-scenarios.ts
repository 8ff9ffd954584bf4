import { defineActivity, defineOrchestrator, TaskHubError } from "@durabletask/core";
import { expect, it } from "vitest";
import { type Setting, World } from "./world.ts";

/** What a client can do with orchestrations, and what it is told. */
export function describeClient(setting: Setting): void {
  const waiting = defineOrchestrator("waiting", async (ctx, status: string | undefined) => {
    ctx.setCustomStatus({ waitsFor: status ?? "anything" });
    return ctx.waitForExternalEvent<number>("go");
  });

  it("suspends and resumes, with reasons in the history", async () => {
    const world = await World.open(setting);
    await world.work([waiting]);
    const id = await world.client.scheduleNewOrchestration(waiting);
    await world.client.waitForOrchestrationStart(id);
    await world.client.suspendOrchestration(id, { reason: "month's end" });
    expect((await world.client.getOrchestrationState(id))?.status).toBe("SUSPENDED");
    await world.client.raiseOrchestrationEvent(id, "go", 7);
    await world.idle();
    expect((await world.client.getOrchestrationState(id))?.status).toBe("SUSPENDED");
    await world.client.resumeOrchestration(id, { reason: "books closed" });
    expect((await world.end(id)).output).toBe(7);
    const history = await world.client.getOrchestrationHistory(id);
    const reasons = history.flatMap((event) =>
      event.type === "executionSuspended" || event.type === "executionResumed" ? event.input : [],
    );
    expect(reasons).toEqual(["month's end", "books closed"]);
  });

  it("terminates at once, with children if told so", async () => {
    const world = await World.open(setting);
    const parent = defineOrchestrator("parent", async (ctx) =>
      ctx.callSubOrchestrator(waiting, undefined, { instanceId: "child" }),
    );
    await world.work([waiting, parent]);
    const id = await world.client.scheduleNewOrchestration(parent);
    await world.idle();
    await world.client.terminateOrchestration(id, { output: { why: "enough" }, recursive: true });
    const state = await world.end(id);
    expect(state.status).toBe("TERMINATED");
    expect(state.terminationOutput).toEqual({ why: "enough" });
    expect(() => state.output).toThrow(/is TERMINATED/u);
    expect((await world.client.getOrchestrationState("child"))?.status).toBe("TERMINATED");
  });

  it("gives a state that knows everything", async () => {
    const world = await World.open(setting);
    await world.work([waiting]);
    const id = await world.client.scheduleNewOrchestration(waiting, "a word", {
      instanceId: "known",
      version: "1.0",
      tags: { team: "blue" },
    });
    await world.idle();
    const state = await world.client.getOrchestrationState(id);
    expect(state).toMatchObject({
      instanceId: "known",
      name: "waiting",
      version: "1.0",
      status: "RUNNING",
      tags: { team: "blue" },
      input: "a word",
      customStatus: { waitsFor: "a word" },
      completedAt: undefined,
    });
    expect(() => state?.output).toThrow(/it is RUNNING/u);
    const lean = await world.client.getOrchestrationState(id, { fetchPayloads: false });
    expect([lean?.input, lean?.customStatus]).toEqual([undefined, undefined]);
    expect(await world.client.getOrchestrationState("nobody")).toBeUndefined();
    const typed = await world.client.getOrchestrationState(waiting, "known");
    expect(JSON.parse(JSON.stringify(typed))).toMatchObject({
      instanceId: "known",
      input: "a word",
    });
  });

  it("starts at a time to come, and waits for the start", async () => {
    const world = await World.open(setting);
    const timed = defineOrchestrator("timed", async (ctx) => ctx.currentUtcDateTime.toISOString());
    await world.work([timed]);
    const startAt = new Date(world.clock.now() + 3_600_000);
    const id = await world.client.scheduleNewOrchestration(timed, undefined, { startAt });
    await world.idle();
    const pending = await world.client.getOrchestrationState(id);
    expect(pending).toMatchObject({ status: "PENDING", scheduledStartAt: startAt });
    await world.passUntil(world.client.waitForOrchestrationStart(id));
    expect((await world.end(id)).output).toBe(startAt.toISOString());
  });

  it("waits as long as it takes, through many long polls", async () => {
    const world = await World.open(setting);
    await world.work([waiting]);
    const id = await world.client.scheduleNewOrchestration(waiting);
    const wait = world.client.waitForOrchestrationCompletion(id);
    for (let poll = 0; poll < 10; poll += 1) {
      await world.idle();
      world.clock.advance(31_000);
    }
    await world.client.raiseOrchestrationEvent(id, "go", 1);
    expect((await wait).output).toBe(1);
  });

  it("stops waiting at its time limit or by its signal", async () => {
    const world = await World.open(setting);
    await world.work([waiting]);
    const id = await world.client.scheduleNewOrchestration(waiting);
    const limited = world.client.waitForOrchestrationCompletion(id, { timeout: { minutes: 2 } });
    await expect(world.passUntil(limited)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    const controller = new AbortController();
    const aborted = world.client.waitForOrchestrationCompletion(id, { signal: controller.signal });
    await world.idle();
    const reason = new Error("no longer needed");
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
  });

  it("says what it does not find", async () => {
    const { client } = await World.open(setting);
    for (const call of [
      client.raiseOrchestrationEvent("nobody", "go"),
      client.suspendOrchestration("nobody"),
      client.resumeOrchestration("nobody"),
      client.terminateOrchestration("nobody"),
      client.waitForOrchestrationCompletion("nobody"),
      client.waitForOrchestrationStart("nobody"),
    ]) {
      const error = await call.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TaskHubError);
      expect(error).toMatchObject({ code: "NOT_FOUND" });
    }
    expect(await client.purgeOrchestration("nobody")).toEqual({ deletedInstanceCount: 0 });
    expect(await client.getOrchestrationHistory("nobody")).toEqual([]);
  });

  it.each([
    ["", "is empty"],
    ["x".repeat(101), "101 characters"],
    ["@entity", "begins with '@'"],
    ["a/b", 'contains "/"'],
    ["a\\b", "contains"],
    ["a#b", "contains"],
    ["a?b", "contains"],
    ["a\u0000b", "contains"],
  ])("refuses the instance id %j", async (instanceId, reason) => {
    const { client } = await World.open(setting);
    await expect(client.scheduleNewOrchestration("any", undefined, { instanceId })).rejects.toThrow(
      reason,
    );
  });

  it("reuses ids as it is told", async () => {
    const world = await World.open(setting);
    await world.work([waiting]);
    const schedule = (ifExists?: "fail" | "replaceEnded"): Promise<string> =>
      world.client.scheduleNewOrchestration(waiting, undefined, { instanceId: "one", ifExists });
    const id = await world.client.scheduleNewOrchestration(waiting, undefined, {
      instanceId: "one",
    });
    await expect(schedule()).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await expect(schedule("replaceEnded")).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await world.client.raiseOrchestrationEvent(id, "go", 1);
    await world.end(id);
    await expect(schedule("fail")).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await schedule();
    expect((await world.client.getOrchestrationState("one"))?.hasEnded).toBe(false);
    await world.client.scheduleNewOrchestration(waiting, undefined, {
      instanceId: "one",
      ifExists: ["RUNNING", "PENDING", "TERMINATED"],
    });
  });

  it("lists orchestrations one by one and by pages", async () => {
    const world = await World.open(setting);
    const done = defineOrchestrator("done", async () => "done");
    await world.work([waiting, done]);
    for (let n = 0; n < 25; n += 1) {
      await world.client.scheduleNewOrchestration(done, undefined, { instanceId: `done-${n}` });
    }
    await world.client.scheduleNewOrchestration(waiting, undefined, { instanceId: "open-1" });
    await world.idle();
    const ids: string[] = [];
    const query = { statuses: ["COMPLETED"], instanceIdPrefix: "done-", pageSize: 10 } as const;
    for await (const state of world.client.getAllInstances(query)) ids.push(state.instanceId);
    expect(new Set(ids).size).toBe(25);
    const sizes: number[] = [];
    for await (const page of world.client.getAllInstances(query).byPage()) {
      sizes.push(page.orchestrations.length);
    }
    expect(sizes.filter((size) => size > 0)).toEqual([10, 10, 5]);
    const running = world.client.getAllInstances({ statuses: ["RUNNING"], fetchPayloads: true });
    for await (const state of running) {
      expect(state.customStatus).toEqual({ waitsFor: "anything" });
    }
  });

  it("shows the history as typed events and as JSON of the wire", async () => {
    const world = await World.open(setting);
    const hello = defineActivity("hello", (_ctx, name: string) => `Hello, ${name}!`);
    const greet = defineOrchestrator("greet", async (ctx) => ctx.callActivity(hello, "Ada"));
    await world.work([hello, greet]);
    const id = await world.client.scheduleNewOrchestration(greet);
    await world.end(id);
    const history = await world.client.getOrchestrationHistory(id);
    expect(history.map((event) => event.type)).toEqual([
      "orchestratorStarted",
      "executionStarted",
      "taskScheduled",
      "orchestratorStarted",
      "taskCompleted",
      "executionCompleted",
    ]);
    const scheduled = history.find((event) => event.type === "taskScheduled");
    expect(scheduled).toMatchObject({ name: "hello", input: '"Ada"', eventId: 1 });
    expect(scheduled?.timestamp).toBeInstanceOf(Date);
    const json = await world.client.getOrchestrationHistoryAsJson(id);
    expect(JSON.parse(JSON.stringify(json))[2]).toMatchObject({ taskScheduled: { name: "hello" } });
  });

  it("purges what has ended, once", async () => {
    const world = await World.open(setting);
    await world.work([waiting]);
    const id = await world.client.scheduleNewOrchestration(waiting);
    await world.idle();
    expect(await world.client.purgeOrchestration(id)).toEqual({ deletedInstanceCount: 0 });
    await world.client.terminateOrchestration(id);
    expect(await world.client.purgeOrchestration(id)).toEqual({ deletedInstanceCount: 1 });
    expect(await world.client.purgeOrchestration(id)).toEqual({ deletedInstanceCount: 0 });
    expect(await world.client.getOrchestrationState(id)).toBeUndefined();
  });

  it.each([
    ["0 bytes", ""],
    ["10 MB", "x".repeat(10_000_000)],
  ])("carries a payload of %s", async (_what, payload) => {
    const world = await World.open(setting);
    const echo = defineActivity("echo", (_ctx, text: string) => text);
    const loop = defineOrchestrator("loop", async (ctx, text: string) =>
      ctx.callActivity(echo, text),
    );
    await world.work([echo, loop]);
    const id = await world.client.scheduleNewOrchestration(loop, payload);
    expect((await world.end(id)).output === payload).toBe(true);
  });

  it("keeps 10,000 events for an instance that is suspended", async () => {
    const world = await World.open(setting);
    const counter = defineOrchestrator("counter", function* (ctx) {
      let sum = 0;
      for (let n = 0; n < 10_000; n += 1) sum += yield* ctx.waitForExternalEvent<number>("n");
      return sum;
    });
    await world.work([counter]);
    const id = await world.client.scheduleNewOrchestration(counter);
    await world.client.suspendOrchestration(id);
    const events = Array.from({ length: 10_000 }, (_, n) =>
      world.client.raiseOrchestrationEvent(id, "n", n),
    );
    await Promise.all(events);
    await world.client.resumeOrchestration(id);
    expect((await world.end(id)).output).toBe(49_995_000);
  });
}
