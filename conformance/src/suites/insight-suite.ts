import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { child, complete, end, schedule, send } from "../actions.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";

export function describeInsight(createStore: CreateStore): void {
  it("stats() tells what is ready, leased and waiting, and how old the oldest is", async () => {
    const bench = await openBench(createStore);
    expect(bench.hub.stats()).toMatchObject({
      oldestReadyMs: undefined,
      millisecondsPerCommit: undefined,
    });
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(schedule(1), schedule(2), schedule(3));
    await worker.abandon(await worker.activity());
    await worker.activity();
    await bench.pass(700);
    await bench.start("b");
    const scheduledStartTimestamp = timestampFromMs(bench.clock.now() + 5000);
    await bench.start("c", { scheduledStartTimestamp });
    await bench.pass(200);
    expect(bench.hub.stats()).toMatchObject({
      liveInstances: 3,
      readyTurns: 1,
      leasedTurns: 0,
      waitingTurns: 1,
      readyActivities: 2,
      leasedActivities: 1,
      waitingActivities: 0,
      oldestReadyMs: 900,
      streams: 1,
      commits: bench.store.batches.length,
    });
    expect(bench.hub.stats().millisecondsPerCommit).toBeGreaterThan(0);
    const disk = Promise.withResolvers<void>();
    bench.store.gate = disk.promise;
    const turns = bench.worker({
      request: { workItemFilters: { orchestrations: [{ name: "main" }] } },
    });
    const answered = turns.run(schedule(1));
    await bench.pass(0);
    expect(bench.hub.stats()).toMatchObject({ readyActivities: 2, waitingActivities: 1 });
    disk.resolve();
    await answered;
    expect(bench.hub.stats()).toMatchObject({ readyActivities: 3, waitingActivities: 0 });
  });

  it("hasWorkerFor() tells whether a connected worker takes it, however busy it is", async () => {
    const bench = await openBench(createStore);
    const orchestrator = { kind: "orchestration", name: "main" } as const;
    const activity = { kind: "activity", name: "main", version: "2" } as const;
    const ask = () => [bench.hub.hasWorkerFor(orchestrator), bench.hub.hasWorkerFor(activity)];
    expect(ask()).toEqual([false, false]);
    const worker = bench.worker({
      request: {
        maxConcurrentOrchestrationWorkItems: 1,
        workItemFilters: {
          orchestrations: [{ name: "main" }],
          activities: [{ name: "main", versions: ["1"] }],
        },
      },
    });
    await bench.start("a");
    await worker.turn();
    expect(ask()).toEqual([true, false]);
    expect(bench.hub.hasWorkerFor({ ...activity, version: "1" })).toBe(true);
    await worker.close();
    expect(ask()).toEqual([false, false]);
  });

  it("what no connected worker takes is named in a warning after 30 s, once", async () => {
    const bench = await openBench(createStore);
    const worker = bench.worker({
      request: {
        workItemFilters: {
          orchestrations: [{ name: "main" }],
          activities: [{ name: "mine" }],
        },
      },
    });
    await bench.start("a");
    await worker.run(schedule(1, "yours"), schedule(2, "mine"));
    await bench.pass(10_000);
    await bench.start("b", { name: "other", version: "2" });
    await bench.pass(19_999);
    expect(bench.facts).toEqual([]);
    await bench.pass(1);
    const yours = { event: "hub.unclaimed", instanceId: "a", kind: "activity", name: "yours" };
    expect(bench.facts).toMatchObject([yours]);
    await bench.pass(10_000);
    const other = { instanceId: "b", kind: "orchestration", name: "other", version: "2" };
    expect(bench.facts).toMatchObject([yours, other]);
    await bench.pass(600_000);
    expect(bench.facts).toHaveLength(2);
    expect(bench.warnings[1]).toContain('"other" of version 2');
  });

  it("of many that nobody takes a hundred are named, and the others counted", async () => {
    const bench = await openBench(createStore);
    await Promise.all(Array.from({ length: 130 }, (_, index) => bench.start(`i${index}`)));
    await bench.pass(60_000);
    expect(bench.facts).toHaveLength(101);
    expect(bench.facts.at(-1)).toEqual({ event: "hub.unclaimed", more: 30 });
  });

  it("each warning has a stable event name, and the instance that it is about", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.start("b", { name: "busy" });
    const worker = bench.worker({
      request: { workItemFilters: { orchestrations: [{ name: "main" }] } },
    });
    await worker.run(send(1, "nobody", "x"), end(2, "nobody"), child(3, "b"), complete(4));
    expect(bench.facts).toEqual([
      { event: "hub.event-dropped", instanceId: "a", targetId: "nobody", eventName: "x" },
      { event: "hub.termination-dropped", instanceId: "nobody" },
      { event: "hub.child-refused", instanceId: "a", childId: "b" },
    ]);
  });
}
