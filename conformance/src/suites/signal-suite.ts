import { OrchestrationStatus } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { child, complete, schedule, timer } from "../actions.ts";
import type { CreateStore, HubBench } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { eventNames } from "../scripted-worker.ts";

const { RUNNING, COMPLETED, TERMINATED, PENDING, SUSPENDED } = OrchestrationStatus;

export function describeSignals(createStore: CreateStore): void {
  it("delivers events in the order in which they came", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    for (const name of ["x", "y", "__proto__"]) {
      await bench.service.raiseEvent({ instanceId: "a", name, input: name });
    }
    await bench.reopen();
    const turn = await bench.worker().turn();
    expect(turn.request.newEvents.slice(2).map(({ eventType }) => eventType.value)).toMatchObject([
      { name: "x", input: "x" },
      { name: "y", input: "y" },
      { name: "__proto__", input: "__proto__" },
    ]);
  });

  const signals: readonly (readonly [
    string,
    (bench: HubBench, instanceId: string) => Promise<unknown>,
  ])[] = [
    ["raise", (bench, instanceId) => bench.service.raiseEvent({ instanceId, name: "x" })],
    ["suspend", (bench, instanceId) => bench.service.suspendInstance({ instanceId })],
    ["resume", (bench, instanceId) => bench.service.resumeInstance({ instanceId })],
    ["terminate", (bench, instanceId) => bench.service.terminateInstance({ instanceId })],
  ];

  it.each(signals)(
    "rule 5: %s of an instance that does not exist is NOT_FOUND",
    async (_, signal) => {
      const bench = await openBench(createStore);
      await expect(signal(bench, "nobody")).rejects.toMatchObject({ code: "NOT_FOUND" });
    },
  );

  it.each(signals)(
    "rule 5: %s of an instance that has ended is accepted without effect",
    async (_, signal) => {
      const bench = await openBench(createStore);
      await bench.start("a");
      await bench.worker().run(complete(1, "done"));
      const before = await bench.state("a");
      await signal(bench, "a");
      expect(await bench.state("a")).toEqual(before);
      expect(await bench.history("a")).toHaveLength(3);
    },
  );

  describe("rule 6: terminate", () => {
    it("ends the instance at once, with no worker connected", async () => {
      const bench = await openBench(createStore);
      await bench.start("a", { input: "in" });
      await bench.service.terminateInstance({ instanceId: "a", output: "why" });
      expect(await bench.state("a")).toMatchObject({
        orchestrationStatus: TERMINATED,
        output: "why",
        input: "in",
      });
      expect(eventNames(await bench.history("a")).slice(-2)).toEqual([
        "executionTerminated",
        "executionCompleted",
      ]);
      await bench.reopen();
      expect(await bench.worker().isIdle()).toBe(true);
    });

    it("fences the turn in flight, whose worker gets its credit back", async () => {
      const bench = await openBench(createStore);
      await bench.start("a");
      const worker = bench.worker({ request: { maxConcurrentOrchestrationWorkItems: 1 } });
      const turn = await worker.turn();
      await bench.service.terminateInstance({ instanceId: "a" });
      await bench.start("b");
      expect(await worker.isIdle()).toBe(true);
      await worker.answer(turn, [schedule(1), complete(2, "late")]);
      expect((await worker.turn()).request.instanceId).toBe("b");
      expect(await bench.state("a")).toMatchObject({
        orchestrationStatus: TERMINATED,
        output: undefined,
      });
    });

    it("drops activities that were not handed out, and results of those that were", async () => {
      const bench = await openBench(createStore);
      await bench.start("a");
      const worker = bench.worker();
      await worker.run(schedule(1, "out"), schedule(2, "in"));
      const call = await worker.activity();
      await bench.service.terminateInstance({ instanceId: "a" });
      await worker.finish(call, "late");
      expect(await worker.isIdle()).toBe(true);
      await bench.reopen();
      expect(await bench.worker().isIdle()).toBe(true);
    });

    it("tells the parent", async () => {
      const bench = await openBench(createStore);
      await bench.start("parent");
      const worker = bench.worker();
      await worker.run(child(1, "kid"));
      await bench.service.terminateInstance({ instanceId: "kid" });
      await worker.turn().then((turn) => {
        expect(turn.request.newEvents[1]?.eventType).toMatchObject({
          case: "subOrchestrationInstanceFailed",
          value: { taskScheduledId: 1, failureDetails: { errorType: "OrchestrationTerminated" } },
        });
      });
    });

    it("recurses only when asked, and then in the same commit", async () => {
      const bench = await openBench(createStore);
      const worker = bench.worker();
      for (const id of ["a", "b"]) {
        await bench.start(id);
        await worker.run(child(1, `${id}1`), child(2, `${id}2`));
        await worker.run(child(1, `${id}11`));
        await worker.run(timer(1, bench.clock.now() + 1e6));
        await worker.run(timer(1, bench.clock.now() + 1e6));
      }
      await bench.service.terminateInstance({ instanceId: "a" });
      expect(await bench.state("a1")).toMatchObject({ orchestrationStatus: RUNNING });
      const commits = bench.store.batches.length;
      await bench.service.terminateInstance({ instanceId: "b", recursive: true, output: "all" });
      expect(bench.store.batches.length).toBe(commits + 1);
      for (const id of ["b", "b1", "b2", "b11"]) {
        expect(await bench.state(id)).toMatchObject({
          orchestrationStatus: TERMINATED,
          output: "all",
        });
      }
    });
  });

  describe("rule 12: suspension", () => {
    it("holds the inbox in the hub until the resume", async () => {
      const bench = await openBench(createStore);
      await bench.start("a");
      const worker = bench.worker();
      await worker.run(schedule(1));
      const call = await worker.activity();
      await bench.service.suspendInstance({ instanceId: "a", reason: "pause" });
      expect(await bench.state("a")).toMatchObject({ orchestrationStatus: SUSPENDED });
      const suspended = await worker.run();
      expect(suspended.request.newEvents[1]?.eventType).toMatchObject({
        case: "executionSuspended",
        value: { input: "pause" },
      });
      await worker.finish(call, "r");
      await bench.service.raiseEvent({ instanceId: "a", name: "x" });
      expect(await worker.isIdle()).toBe(true);
      await bench.reopen();
      const again = bench.worker();
      expect(await again.isIdle()).toBe(true);
      expect(await bench.state("a")).toMatchObject({ orchestrationStatus: SUSPENDED });
      await bench.service.resumeInstance({ instanceId: "a", reason: "go" });
      expect(await bench.state("a")).toMatchObject({ orchestrationStatus: RUNNING });
      const resumed = await again.run(complete(2));
      expect(eventNames(resumed.request.newEvents)).toEqual([
        "orchestratorStarted",
        "taskCompleted",
        "eventRaised",
        "executionResumed",
      ]);
    });

    it("hands out what came before it", async () => {
      const bench = await openBench(createStore);
      await bench.start("a");
      await bench.service.raiseEvent({ instanceId: "a", name: "before" });
      await bench.service.suspendInstance({ instanceId: "a" });
      await bench.service.raiseEvent({ instanceId: "a", name: "after" });
      await bench.reopen();
      const turn = await bench.worker().turn();
      expect(eventNames(turn.request.newEvents).slice(1)).toEqual([
        "executionStarted",
        "eventRaised",
        "executionSuspended",
      ]);
    });

    it("lets a turn in flight commit, and stays", async () => {
      const bench = await openBench(createStore);
      await bench.start("a");
      const worker = bench.worker();
      const turn = await worker.turn();
      await bench.service.suspendInstance({ instanceId: "a" });
      await worker.answer(turn, [schedule(1)]);
      expect(await bench.state("a")).toMatchObject({ orchestrationStatus: SUSPENDED });
      expect(eventNames((await worker.turn()).request.newEvents)).toContain("executionSuspended");
      expect((await worker.activity()).request.taskId).toBe(1);
    });

    it("ends with the instance", async () => {
      const bench = await openBench(createStore);
      await bench.start("a");
      await bench.start("b");
      const worker = bench.worker();
      const turn = await worker.turn();
      for (const instanceId of ["a", "b"]) await bench.service.suspendInstance({ instanceId });
      await worker.answer(turn, [complete(1)]);
      await bench.service.terminateInstance({ instanceId: "b" });
      expect(await bench.state("a")).toMatchObject({ orchestrationStatus: COMPLETED });
      expect(await bench.state("b")).toMatchObject({ orchestrationStatus: TERMINATED });
    });

    it("is accepted twice, as is its end", async () => {
      const bench = await openBench(createStore);
      await bench.start("a");
      await bench.service.resumeInstance({ instanceId: "a" });
      await bench.service.suspendInstance({ instanceId: "a" });
      await bench.service.suspendInstance({ instanceId: "a" });
      await bench.service.resumeInstance({ instanceId: "a" });
      expect(await bench.state("a")).toMatchObject({ orchestrationStatus: PENDING });
      const turn = await bench.worker().turn();
      expect(eventNames(turn.request.newEvents).slice(1)).toEqual([
        "executionStarted",
        "executionSuspended",
        "executionResumed",
      ]);
    });
  });
}
