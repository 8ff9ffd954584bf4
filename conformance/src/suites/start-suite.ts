import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { complete, schedule } from "../actions.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { expectNoOrphans } from "../invariants.ts";
import { eventNames } from "../scripted-worker.ts";
import { settle } from "../settle.ts";

const { PENDING, RUNNING, COMPLETED, TERMINATED, FAILED } = OrchestrationStatus;

export function describeStarts(createStore: CreateStore): void {
  it("runs what was started, and remembers it", async () => {
    const bench = await openBench(createStore);
    await bench.start("a", { input: `"in"`, version: "1.2", tags: { team: "x" } });
    expect(await bench.state("a")).toMatchObject({
      name: "main",
      version: "1.2",
      tags: { team: "x" },
      input: `"in"`,
      orchestrationStatus: PENDING,
    });
    const worker = bench.worker();
    await worker.run(complete(1, `"out"`));
    expect(await bench.state("a")).toMatchObject({
      orchestrationStatus: COMPLETED,
      output: `"out"`,
    });
    await bench.reopen();
    expect(await bench.state("a")).toMatchObject({
      version: "1.2",
      tags: { team: "x" },
      input: `"in"`,
      output: `"out"`,
      orchestrationStatus: COMPLETED,
    });
  });

  it("makes an id when none is given", async () => {
    const bench = await openBench(createStore);
    expect(await bench.start("")).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each(["a/b", "a\\b", "a#b", "a?b", "@a@b", "a\nb", "a\u0000b", "x".repeat(101), "\ud800"])(
    "refuses the id %j",
    async (instanceId) => {
      const bench = await openBench(createStore);
      await expect(bench.start(instanceId)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    },
  );

  it.each(["constructor", "__proto__", "toString", "x".repeat(100), "é 漢 🙂", "'; --"])(
    "takes %j as id, name and tag",
    async (text) => {
      const bench = await openBench(createStore);
      await bench.start(text, { name: text, tags: { tag: text } });
      const worker = bench.worker();
      const turn = await worker.run(schedule(1, text));
      expect(turn.request.instanceId).toBe(text);
      expect((await worker.work(text)).request.name).toBe(text);
      await worker.run(complete(2, text));
      await bench.reopen();
      const state = await bench.state(text);
      expect(state).toMatchObject({ name: text, tags: { tag: text }, output: text });
    },
  );

  it("makes an execution id when none is given, and names it everywhere", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.start("b", { executionId: "" });
    await bench.start("c", { executionId: "given" });
    const worker = bench.worker();
    const ids = new Set<string>();
    const turns = [await worker.turn(), await worker.turn(), await worker.turn()];
    for (const turn of turns) {
      await worker.answer(turn, [schedule(1)]);
      const { request } = turn;
      const started = request.newEvents[1]?.eventType;
      const { executionId } = await bench.state(request.instanceId);
      expect(request.executionId).toBe(executionId);
      expect(started?.value).toMatchObject({ orchestrationInstance: { executionId } });
      const call = await worker.work();
      expect(call.request.orchestrationInstance?.executionId).toBe(executionId);
      ids.add(executionId ?? "");
    }
    expect(ids.size).toBe(3);
    expect([...ids].every(Boolean)).toBe(true);
  });

  it.each([0n, -62_135_596_800n])(
    "a start at second %s, which some clients send for none, is a start at once",
    async (seconds) => {
      const bench = await openBench(createStore);
      await bench.start("a", { scheduledStartTimestamp: { seconds, nanos: 0 } });
      const turn = await bench.worker().run(schedule(1));
      expect(turn.request.newEvents[1]?.eventType.value).toMatchObject({
        scheduledStartTimestamp: undefined,
      });
      expect(await bench.state("a")).toMatchObject({
        scheduledStartTimestamp: undefined,
        orchestrationStatus: RUNNING,
      });
    },
  );

  it("refuses a start without a name", async () => {
    const bench = await openBench(createStore);
    await expect(bench.start("a", { name: "" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  describe("rule 7: reuse of ids", () => {
    it("refuses the id of an active instance", async () => {
      const bench = await openBench(createStore);
      await bench.start("a");
      await expect(bench.start("a")).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
      await bench.worker().run(schedule(1));
      await expect(bench.start("a")).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    });

    it("replaces an ended instance with all its traces", async () => {
      const bench = await openBench(createStore);
      await bench.start("a", { input: "1" });
      const worker = bench.worker();
      await worker.run(complete(1, "first"));
      const first = await bench.state("a");
      await bench.start("a", { input: "2" });
      const second = await bench.state("a");
      expect(second).toMatchObject({ input: "2", output: undefined, orchestrationStatus: PENDING });
      expect(second.executionId).not.toBe(first.executionId);
      await worker.run(complete(1, "second"));
      expect(eventNames(await bench.history("a"))).toHaveLength(3);
      expect((await bench.service.queryInstances({ query: {} })).orchestrationState).toHaveLength(
        1,
      );
    });

    it("replaces an instance that ended in the same moment", async () => {
      const bench = await openBench(createStore);
      await bench.start("a");
      const worker = bench.worker();
      const turn = await worker.turn();
      const ended = worker.answer(turn, [complete(1, "first")]);
      const started = bench.start("a", { input: "2" });
      await Promise.all([ended, started]);
      expect(await bench.state("a")).toMatchObject({ input: "2", orchestrationStatus: PENDING });
      await bench.reopen();
      await bench.worker().run(complete(1, "second"));
      expect(await bench.state("a")).toMatchObject({ output: "second" });
      await expectNoOrphans(bench.store, bench.store.batches);
    });

    it("accepts a repeated start with the same execution id, and changes nothing", async () => {
      const bench = await openBench(createStore);
      await bench.start("a", { input: "1", executionId: "e1" });
      await bench.start("a", { input: "2", executionId: "e1" });
      await bench.worker().run(complete(1, "done"));
      await bench.start("a", { input: "3", executionId: "e1" });
      expect(await bench.state("a")).toMatchObject({
        input: "1",
        output: "done",
        executionId: "e1",
      });
      await bench.start("a", { input: "4", executionId: "e2" });
      expect(await bench.state("a")).toMatchObject({ input: "4", executionId: "e2" });
    });

    it("is not misled by a read that was overtaken", async () => {
      const bench = await openBench(createStore);
      const gate = Promise.withResolvers<void>();
      bench.store.findGate = gate.promise;
      const slow = bench.start("a", { orchestrationIdReusePolicy: {} });
      await settle();
      bench.store.findGate = undefined;
      await bench.start("a");
      await bench.worker().run(complete(1, "first"));
      await settle();
      gate.resolve();
      await expect(slow).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
      expect(await bench.state("a")).toMatchObject({ output: "first" });
    });

    it("replaces only what a policy names", async () => {
      const bench = await openBench(createStore);
      await bench.start("a");
      await bench.worker().run(complete(1));
      const refused = { orchestrationIdReusePolicy: { replaceableStatus: [FAILED, TERMINATED] } };
      await expect(bench.start("a", refused)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
      const empty = { orchestrationIdReusePolicy: {} };
      await expect(bench.start("a", empty)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
      await bench.start("a", { orchestrationIdReusePolicy: { replaceableStatus: [COMPLETED] } });
      expect(await bench.state("a")).toMatchObject({ orchestrationStatus: PENDING });
    });

    it("terminates and replaces a running instance when the policy allows", async () => {
      const bench = await openBench(createStore);
      await bench.start("a", { input: "1" });
      const worker = bench.worker();
      const turn = await worker.turn();
      const replaceableStatus = [RUNNING, PENDING, TERMINATED];
      await bench.start("a", { input: "2", orchestrationIdReusePolicy: { replaceableStatus } });
      await worker.answer(turn, [complete(1, "late")]);
      expect(await bench.state("a")).toMatchObject({ input: "2", orchestrationStatus: PENDING });
      await bench.service.raiseEvent({ instanceId: "a", name: "x" });
      const next = await worker.run(complete(1, "new"));
      expect(next.request.pastEvents).toEqual([]);
      expect(eventNames(next.request.newEvents)).toContain("eventRaised");
      expect(await bench.state("a")).toMatchObject({ output: "new" });
    });

    it("refuses a policy that replaces running instances but not terminated ones", async () => {
      const bench = await openBench(createStore);
      const orchestrationIdReusePolicy = { replaceableStatus: [RUNNING] };
      const error = { code: "INVALID_ARGUMENT", message: expect.stringContaining("'Terminated'") };
      await expect(bench.start("a", { orchestrationIdReusePolicy })).rejects.toMatchObject(error);
      expect(await bench.exists("a")).toBe(false);
    });
  });

  describe("rule 8: scheduled starts", () => {
    it("waits as PENDING, also over a reopening", async () => {
      const bench = await openBench(createStore);
      const startAt = bench.clock.now() + 90_000;
      await bench.start("a", { scheduledStartTimestamp: timestampFromMs(startAt) });
      await bench.pass(60_000);
      await bench.reopen();
      const worker = bench.worker();
      expect(await worker.isIdle()).toBe(true);
      expect(await bench.state("a")).toMatchObject({
        orchestrationStatus: PENDING,
        scheduledStartTimestamp: timestampFromMs(startAt),
      });
      await bench.pass(30_000);
      const turn = await worker.run(complete(1));
      expect(turn.request.newEvents[0]?.timestamp).toEqual(timestampFromMs(startAt));
      expect(await bench.state("a")).toMatchObject({ orchestrationStatus: COMPLETED });
    });

    it("can be terminated before it starts", async () => {
      const bench = await openBench(createStore);
      const startAt = timestampFromMs(bench.clock.now() + 90_000);
      await bench.start("a", { scheduledStartTimestamp: startAt, input: "1" });
      await bench.service.terminateInstance({ instanceId: "a", output: "no" });
      expect(await bench.state("a")).toMatchObject({
        orchestrationStatus: TERMINATED,
        output: "no",
        input: "1",
      });
      await bench.pass(100_000);
      expect(await bench.worker().isIdle()).toBe(true);
    });

    it("starts at once what should have started in the past", async () => {
      const bench = await openBench(createStore);
      const now = bench.clock.now();
      await bench.start("a", { scheduledStartTimestamp: timestampFromMs(now - 1000) });
      const turn = await bench.worker().run(complete(1));
      expect(turn.request.newEvents[0]?.timestamp).toEqual(timestampFromMs(now));
    });
  });
}
