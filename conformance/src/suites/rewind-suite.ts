import { OrchestrationStatus } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { child, complete, fail, schedule, timer } from "../actions.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { expectNoOrphans } from "../invariants.ts";
import { eventNames } from "../scripted-worker.ts";

const { COMPLETED, FAILED, RUNNING } = OrchestrationStatus;

const failureDetails = {
  $typeName: "TaskFailureDetails" as const,
  errorType: "Error",
  errorMessage: "no",
  isNonRetriable: false,
  properties: {},
};

export function describeRewind(createStore: CreateStore): void {
  it("rule 20: keeps what succeeded, takes back what failed, and wakes the instance", async () => {
    const bench = await openBench(createStore);
    await bench.start("a", { input: "in", tags: { team: "x" } });
    const worker = bench.worker();
    await worker.run(schedule(1, "good"), schedule(2, "bad"));
    await worker.work("r");
    await worker.finish(await worker.activity(), undefined, { failureDetails });
    await worker.run(fail(3));
    const before = await bench.state("a");
    await bench.service.rewindInstance({ instanceId: "a", reason: "fixed" });
    expect(await bench.state("a")).toMatchObject({
      orchestrationStatus: RUNNING,
      executionId: before.executionId,
      input: "in",
      output: undefined,
      failureDetails: undefined,
      completedTimestamp: undefined,
      tags: { team: "x" },
    });
    await bench.reopen();
    const again = bench.worker();
    const turn = await again.turn();
    expect(eventNames(turn.request.pastEvents)).toEqual([
      "orchestratorStarted",
      "executionStarted",
      "taskScheduled",
      "orchestratorStarted",
      "taskCompleted",
    ]);
    expect(turn.request.newEvents[1]?.eventType).toMatchObject({
      case: "executionRewound",
      value: { reason: "fixed" },
    });
    await again.answer(turn, [schedule(2, "bad")]);
    await again.work("better");
    await again.run(complete(3, "done"));
    expect(await bench.state("a")).toMatchObject({ output: "done" });
    await expectNoOrphans(bench.store, bench.store.batches);
  });

  it("rule 20: only what has failed can be rewound", async () => {
    const bench = await openBench(createStore);
    const rewind = async () => await bench.service.rewindInstance({ instanceId: "a" });
    await expect(rewind()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await bench.start("a");
    const worker = bench.worker();
    await expect(rewind()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await worker.run(complete(1));
    await expect(rewind()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await bench.start("a");
    await bench.service.terminateInstance({ instanceId: "a" });
    await expect(rewind()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("rule 20: a rewind that is asked for twice at once happens once", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(fail(1));
    const rewinds = await Promise.allSettled([
      bench.service.rewindInstance({ instanceId: "a" }),
      bench.service.rewindInstance({ instanceId: "a" }),
    ]);
    expect(rewinds.filter(({ status }) => status === "rejected")).toMatchObject([
      { reason: { code: "FAILED_PRECONDITION" } },
    ]);
    await worker.run(complete(1));
    expect(eventNames(await bench.history("a"))).toEqual([
      "orchestratorStarted",
      "executionStarted",
      "orchestratorStarted",
      "executionRewound",
      "executionCompleted",
    ]);
  });

  it("rule 20: what was open when it failed is open again, and what runs runs on", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker({ hasSessions: true });
    await worker.run(
      schedule(1, "bad"),
      schedule(2, "slow"),
      timer(3, bench.clock.now() + 5000),
      child(4, "kid"),
    );
    const slow = [await worker.activity(), await worker.activity()];
    const bad = slow.find(({ request }) => request.name === "bad");
    if (!bad) throw new Error("there is no bad activity");
    const kid = await worker.turn();
    await worker.finish(bad, undefined, { failureDetails });
    await worker.run(fail(5));
    await bench.service.raiseEvent({ instanceId: "kid", name: "x" });
    await bench.service.rewindInstance({ instanceId: "a" });
    expect(await bench.store.detached()).toEqual([]);
    expect(eventNames((await worker.run(schedule(1, "bad"))).request.pastEvents)).toEqual([
      "orchestratorStarted",
      "executionStarted",
      "taskScheduled",
      "timerCreated",
      "subOrchestrationInstanceCreated",
    ]);
    expect((await worker.work()).request.name).toBe("bad");
    const running = slow.find((call) => call !== bad);
    if (!running) throw new Error("there is no slow activity");
    await worker.finish(running);
    await worker.answer(kid, [complete(1, "kid's")]);
    await worker.run();
    await bench.pass(5000);
    const last = await worker.run(complete(5));
    expect(eventNames([...last.request.newEvents])).toContain("timerFired");
    const all = eventNames(await bench.history("a"));
    for (const name of ["timerFired", "subOrchestrationInstanceCompleted"])
      expect(all.filter((other) => other === name)).toHaveLength(1);
    expect(all.filter((name) => name === "taskCompleted")).toHaveLength(2);
  });

  it("rule 20: events that came and were not taken are still there", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    const turn = await worker.turn();
    await bench.service.raiseEvent({ instanceId: "a", name: "x", input: "1" });
    await worker.answer(turn, [fail(1)]);
    await bench.service.rewindInstance({ instanceId: "a" });
    const again = await worker.run(complete(1));
    expect(eventNames(again.request.newEvents)).toEqual([
      "orchestratorStarted",
      "eventRaised",
      "executionRewound",
    ]);
  });

  it("rule 20: a failed child is rewound in the same commit, one that was purged is started anew", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(child(1, "kept"), child(2, "purged"));
    const kids = [await worker.turn(), await worker.turn()];
    await Promise.all(kids.map((kid) => worker.answer(kid, [fail(1)])));
    await worker.run(fail(3));
    await bench.service.purgeInstances({ request: { case: "instanceId", value: "purged" } });
    const commits = bench.store.batches.length;
    await bench.service.rewindInstance({ instanceId: "a" });
    expect(bench.store.batches.length).toBe(commits + 1);
    expect(await bench.state("kept")).toMatchObject({ orchestrationStatus: RUNNING });
    const turns = [await worker.turn(), await worker.turn()];
    const parent = turns.find((turn) => turn.request.instanceId === "a");
    expect(eventNames(parent?.request.pastEvents ?? [])).toEqual([
      "orchestratorStarted",
      "executionStarted",
      "subOrchestrationInstanceCreated",
    ]);
    for (const turn of turns) {
      await worker.answer(turn, [turn === parent ? child(2, "purged") : complete(1, "r")]);
    }
    const results = [];
    while (!(await worker.isIdle())) {
      const turn = await worker.turn();
      const isParent = turn.request.instanceId === "a";
      if (isParent) results.push(...turn.request.newEvents.slice(1));
      const isEnd = isParent && results.length === 2;
      await worker.answer(turn, isEnd || !isParent ? [complete(3, "done")] : []);
    }
    expect(eventNames(results)).toEqual([
      "subOrchestrationInstanceCompleted",
      "subOrchestrationInstanceCompleted",
    ]);
    for (const id of ["a", "kept", "purged"])
      expect(await bench.state(id)).toMatchObject({ orchestrationStatus: COMPLETED });
  });

  it("rule 20: a crash leaves it failed or rewound, never between", async () => {
    for (const fault of ["lost", "kept"] as const) {
      const bench = await openBench(createStore);
      await bench.start("a");
      const worker = bench.worker();
      await worker.run(child(1, "kid"));
      await worker.run(fail(1));
      await worker.run(fail(2));
      bench.store.faults.push(fault);
      const rewind = bench.service.rewindInstance({ instanceId: "a" });
      await expect(rewind).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await bench.pass(0);
      for (const id of ["a", "kid"])
        expect(await bench.state(id)).toMatchObject({
          orchestrationStatus: fault === "lost" ? FAILED : RUNNING,
        });
      await expectNoOrphans(bench.store, bench.store.batches);
      await bench.close();
    }
  });
}
