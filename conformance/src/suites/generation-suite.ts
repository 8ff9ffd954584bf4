import { OrchestrationStatus } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { child, complete, continueAsNew, raisedEvent, schedule, send, timer } from "../actions.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { eventNames } from "../scripted-worker.ts";
import { settle } from "../settle.ts";

const { RUNNING, COMPLETED } = OrchestrationStatus;

export function describeGenerations(createStore: CreateStore): void {
  it("is never pending again once it has run, suspended in a new generation over a reopening", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.worker().run(continueAsNew(1));
    await bench.service.suspendInstance({ instanceId: "a" });
    await bench.die();
    const started = await bench.service.waitForInstanceStart({ instanceId: "a" });
    expect(started.exists).toBe(true);
    await bench.service.resumeInstance({ instanceId: "a" });
    expect((await bench.state("a")).orchestrationStatus).toBe(RUNNING);
  });

  it("rule 1: continue-as-new begins a new execution that keeps what the instance is", async () => {
    const bench = await openBench(createStore);
    await bench.start("a", {
      input: "1",
      version: "1.0",
      tags: { k: "v" },
      parentTraceContext: { traceParent: "00-a-b-01" },
    });
    const first = await bench.state("a");
    const worker = bench.worker();
    await worker.run(continueAsNew(1, "2"));
    await bench.reopen();
    const again = bench.worker();
    const turn = await again.turn();
    expect(turn.request.pastEvents).toEqual([]);
    expect(turn.request.executionId).not.toBe(first.executionId);
    expect(turn.request.newEvents[1]?.eventType).toMatchObject({
      case: "executionStarted",
      value: {
        input: "2",
        version: "1.0",
        tags: { k: "v" },
        parentTraceContext: { traceParent: "00-a-b-01" },
        orchestrationInstance: { instanceId: "a", executionId: turn.request.executionId },
      },
    });
    await again.answer(turn, [continueAsNew(1, "3", { newVersion: "2.0" })]);
    await again.run(complete(1, "out"));
    expect(await bench.state("a")).toMatchObject({
      input: "3",
      version: "2.0",
      tags: { k: "v" },
      output: "out",
      orchestrationStatus: COMPLETED,
      createdTimestamp: first.createdTimestamp,
    });
    expect(eventNames(await bench.history("a"))).toEqual([
      "orchestratorStarted",
      "executionStarted",
      "executionCompleted",
    ]);
  });

  it("rule 1: results, timers and children of earlier generations never reach a later one", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(schedule(1, "leased"), child(2, "kid"), timer(3, bench.clock.now() + 1000));
    const kid = await worker.turn();
    const call = await worker.activity();
    await bench.service.raiseEvent({ instanceId: "a", name: "go" });
    await worker.run(continueAsNew(4));
    await worker.run(schedule(1, "new"), child(2, "kid2"), timer(3, bench.clock.now() + 60_000));
    await worker.turn();
    await worker.activity();
    await worker.finish(call, "old");
    await worker.finish(call, "old", { completionToken: call.token });
    await worker.answer(kid, [complete(1, "old")]);
    await bench.pass(1000);
    expect(await worker.isIdle()).toBe(true);
    expect(eventNames(await bench.history("a"))).not.toContain("taskCompleted");
  });

  it("rule 1: undispatched tasks of earlier generations are dropped", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const turns = bench.worker({
      request: { workItemFilters: { orchestrations: [{ name: "main" }] } },
    });
    await turns.run(schedule(1, "dropped"));
    await bench.service.raiseEvent({ instanceId: "a", name: "go" });
    await turns.run(continueAsNew(2));
    await turns.run(schedule(1, "kept"));
    const worker = bench.worker();
    expect((await worker.activity()).request.name).toBe("kept");
    expect(await worker.isIdle()).toBe(true);
  });

  it("rule 1: what the turn sent before it is still sent", async () => {
    const bench = await openBench(createStore);
    await bench.start("other");
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(timer(1, bench.clock.now() + 1e6));
    await worker.run(
      schedule(1, "work"),
      send(2, "other", "hello"),
      send(3, "a", "self"),
      child(4, "kid"),
      continueAsNew(5),
      schedule(6, "never"),
    );
    await bench.reopen();
    const again = bench.worker();
    const items = [];
    while (!(await again.isIdle())) items.push((await again.next()).request);
    const activities = items.filter((item) => item.case === "activityRequest");
    expect(activities.map(({ value }) => value.name)).toEqual(["work"]);
    const turns = new Map(
      items.flatMap((item) =>
        item.case === "orchestratorRequest" ? [[item.value.instanceId, item.value.newEvents]] : [],
      ),
    );
    expect(eventNames(turns.get("other") ?? [])).toContain("eventRaised");
    expect(eventNames(turns.get("a") ?? [])).toEqual([
      "orchestratorStarted",
      "executionStarted",
      "eventRaised",
    ]);
    expect(turns.has("kid")).toBe(true);
  });

  it("rule 1: external events survive, carried over ones first", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.service.raiseEvent({ instanceId: "a", name: "one" });
    const worker = bench.worker();
    const turn = await worker.turn();
    await bench.service.raiseEvent({ instanceId: "a", name: "two" });
    await worker.answer(turn, [continueAsNew(1, "", { carryoverEvents: [raisedEvent("one")] })]);
    await bench.reopen();
    const next = await bench.worker().turn();
    expect(next.request.newEvents.slice(2).map(({ eventType }) => eventType.value)).toMatchObject([
      { name: "one" },
      { name: "two" },
    ]);
  });

  it("a suspension survives continue-as-new", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    const turn = await worker.turn();
    await bench.service.suspendInstance({ instanceId: "a" });
    await bench.service.raiseEvent({ instanceId: "a", name: "held" });
    await worker.answer(turn, [continueAsNew(1)]);
    const next = await worker.run();
    expect(eventNames(next.request.newEvents)).toEqual([
      "orchestratorStarted",
      "executionStarted",
      "executionSuspended",
    ]);
    expect(await worker.isIdle()).toBe(true);
    await bench.service.resumeInstance({ instanceId: "a" });
    const resumed = await worker.turn();
    expect(eventNames(resumed.request.newEvents)).toContain("eventRaised");
  });

  it("a suspension that the old generation took still holds the new one", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.service.suspendInstance({ instanceId: "a" });
    const worker = bench.worker();
    const turn = await worker.run(continueAsNew(1));
    expect(eventNames(turn.request.newEvents)).toContain("executionSuspended");
    expect(await worker.isIdle()).toBe(true);
    await bench.reopen();
    const again = bench.worker();
    expect(await again.isIdle()).toBe(true);
    await bench.service.resumeInstance({ instanceId: "a" });
    expect(eventNames((await again.turn()).request.newEvents)).toEqual([
      "orchestratorStarted",
      "executionStarted",
      "executionResumed",
    ]);
  });

  it("a loop of generations waits for the disk each time, and leaves one chain", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(continueAsNew(1));
    const gate = Promise.withResolvers<void>();
    bench.store.gate = gate.promise;
    const turn = await worker.turn();
    const answered = worker.answer(turn, [continueAsNew(1)]);
    const raised = bench.service.raiseEvent({ instanceId: "a", name: "x" });
    expect(await worker.isIdle()).toBe(true);
    gate.resolve();
    await Promise.all([answered, raised]);
    for (let generation = 0; generation < 50; generation++) await worker.run(continueAsNew(1));
    await worker.run(schedule(1));
    await settle();
    const stored = await bench.store.find("a", false);
    expect(await bench.store.chain(stored?.record.tail ?? 0)).toHaveLength(2);
    expect(await bench.state("a")).toMatchObject({ orchestrationStatus: RUNNING });
  });
}
