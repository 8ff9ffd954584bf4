import { OrchestrationStatus } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { complete, end, fail, schedule } from "../actions.ts";
import { failBeside, failBesideLater, failureDetails, finishAll } from "../failed-instance.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { expectNoOrphans } from "../invariants.ts";
import { eventNames } from "../scripted-worker.ts";
import { settle } from "../settle.ts";

const { TERMINATED } = OrchestrationStatus;

/** What a rewound execution does with what it remembers, where that is on the move. */
export function describeRecalls(createStore: CreateStore): void {
  it("rule 20: nothing is left of the attempts of a suspect activity that has another event id since a rewind", async () => {
    const bench = await openBench(createStore);
    await failBesideLater(bench);
    await bench.die();
    const worker = bench.worker();
    const slow = await worker.activity();
    expect(await bench.store.attempts()).toMatchObject([{ taskId: slow.request.taskId }]);
    await bench.service.rewindInstance({ instanceId: "a" });
    await worker.run(schedule(1, "bad"), schedule(3, "slow"));
    await worker.finish(slow, "done");
    await worker.work("done");
    await worker.run(complete(5));
    expect(await bench.store.attempts()).toEqual([]);
    await expectNoOrphans(bench.store, bench.store.batches);
  });

  it("rule 20: a result that comes while a rewind reads what is kept is not lost", async () => {
    const bench = await openBench(createStore);
    const slow = await failBeside(bench, [schedule(1, "bad"), schedule(2, "slow")]);
    const gate = Promise.withResolvers<void>();
    bench.store.keptGate = gate.promise;
    const rewinding = bench.service.rewindInstance({ instanceId: "a" });
    await settle();
    const worker = bench.worker();
    await worker.finish(slow, "late");
    bench.store.keptGate = undefined;
    gate.resolve();
    await rewinding;
    const turn = await worker.run(schedule(1, "bad"));
    expect(turn.request.newEvents.map(({ eventType }) => eventType.value)).toContainEqual(
      expect.objectContaining({ taskScheduledId: 2, result: "late" }),
    );
    expect((await worker.work()).request.name).toBe("bad");
    await worker.run(complete(3));
    expect(await worker.isIdle()).toBe(true);
    await expectNoOrphans(bench.store, bench.store.batches);
  });

  it("rule 20: a late result of an activity is not taken for that of another that has its event id since a rewind", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const first = bench.worker();
    await first.run(schedule(1, "bad"), schedule(2, "x"));
    await finishAll(first, 2, { bad: undefined, x: "1" });
    await first.run(schedule(3, "bad"), schedule(4, "one"), schedule(5, "two"));
    const calls = [await first.activity(), await first.activity(), await first.activity()];
    const [bad, one] = ["bad", "one"].map((name) =>
      calls.find(({ request }) => request.name === name),
    );
    if (!bad || !one) throw new Error("there are no such activities");
    await first.finish(bad, undefined, { failureDetails });
    await first.run(fail(6));
    // Others get what it was at.
    await first.close();
    await bench.service.rewindInstance({ instanceId: "a" });
    const worker = bench.worker();
    await worker.run(schedule(1, "bad"), schedule(4, "two"), schedule(5, "one"));
    const again = [await worker.activity(), await worker.activity(), await worker.activity()];
    await first.finish(one, "one");
    for (const call of again) await worker.finish(call, call.request.name);
    const { request } = await worker.run(complete(6));
    expect(request.newEvents.slice(1).map(({ eventType }) => eventType.value)).toContainEqual(
      expect.objectContaining({ taskScheduledId: 4, result: "two" }),
    );
  });

  it("rule 20: nothing that it remembers is recorded behind the end of an execution that terminates itself", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const first = bench.worker();
    await first.run(schedule(1, "bad"), schedule(2, "x"));
    await finishAll(first, 2, { bad: undefined, x: "1" });
    await first.run(schedule(3, "y"), schedule(4, "slow"));
    const slow = await first.activity();
    const y = await first.activity();
    const calls = slow.request.name === "slow" ? [slow, y] : [y, slow];
    if (calls[1]) await first.finish(calls[1], "2");
    await first.run(fail(5));
    await bench.service.rewindInstance({ instanceId: "a" });
    const worker = bench.worker();
    await worker.run(schedule(1, "bad"), schedule(3, "y"), schedule(4, "slow"), end(5, "a"));
    if (calls[0]) await worker.finish(calls[0], "late");
    expect((await bench.state("a")).orchestrationStatus).toBe(TERMINATED);
    expect(eventNames(await bench.history("a")).slice(-2)).toEqual([
      "executionTerminated",
      "executionCompleted",
    ]);
    await bench.reopen();
    expect(eventNames(await bench.history("a")).at(-1)).toBe("executionCompleted");
    await expectNoOrphans(bench.store, bench.store.batches);
  });
}
