import { OrchestrationStatus } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { child, complete, fail, schedule, send, timer } from "../actions.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { failBeside, failBesideLater, failureDetails, finishAll } from "../failed-instance.ts";
import { expectNoOrphans } from "../invariants.ts";
import { eventNames } from "../scripted-worker.ts";

const { COMPLETED } = OrchestrationStatus;

/** How a hub may go on before or after a rewind. */
const changes = ["nothing", "reopen", "die"] as const;

/** What a rewound execution remembers of what its history no longer shows. */
export function describeRewoundPast(createStore: CreateStore): void {
  it.each(changes)(
    "rule 20: an activity that succeeds after the failure is not run again (%s before the rewind)",
    async (change) => {
      const bench = await openBench(createStore);
      const slow = await failBeside(bench, [schedule(1, "bad"), schedule(2, "slow")]);
      await bench.worker().finish(slow, "late");
      const { executionId = "" } = await bench.state("a");
      expect(await bench.store.kept(executionId)).toHaveLength(1);
      if (change !== "nothing") await bench[change]();
      await bench.service.rewindInstance({ instanceId: "a" });
      expect(await bench.store.kept(executionId)).toMatchObject([
        { scheduled: { eventId: 1 }, result: undefined },
      ]);
      const worker = bench.worker();
      const turn = await worker.run(schedule(1, "bad"));
      expect(turn.request.newEvents[1]?.eventType).toMatchObject({
        case: "taskCompleted",
        value: { taskScheduledId: 2, result: "late" },
      });
      expect((await worker.work()).request.name).toBe("bad");
      await worker.run(complete(3));
      expect(await worker.isIdle()).toBe(true);
      expect(await bench.store.kept(executionId)).toEqual([]);
      await expectNoOrphans(bench.store, bench.store.batches);
    },
  );

  it("rule 20: one that fails after the failure is run again", async () => {
    const bench = await openBench(createStore);
    const slow = await failBeside(bench, [schedule(1, "bad"), schedule(2, "slow")]);
    await bench.worker().finish(slow, undefined, { failureDetails });
    await bench.service.rewindInstance({ instanceId: "a" });
    const worker = bench.worker();
    await worker.run(schedule(1, "bad"));
    const names = [(await worker.work()).request.name, (await worker.work()).request.name];
    expect(names.toSorted()).toEqual(["bad", "slow"]);
  });

  it.each(changes)(
    "rule 20: what was done beside a failure is answered when it is asked for again, under whatever id (%s after the rewind)",
    async (change) => {
      const bench = await openBench(createStore);
      await bench.start("a");
      const first = bench.worker();
      await first.run(schedule(1, "bad"), schedule(2, "x"));
      await finishAll(first, 2, { bad: undefined, x: "1" });
      // A retry of the one, and what follows the other.
      await first.run(timer(3, bench.clock.now() + 1000), schedule(4, "y"), send(5, "b", "note"));
      await first.work("2");
      await first.run(schedule(6, "z"));
      await first.work("3");
      await first.run();
      await bench.pass(1000);
      await first.run(schedule(7, "bad"));
      await finishAll(first, 1, { bad: undefined });
      await first.run(fail(8));
      await bench.service.rewindInstance({ instanceId: "a" });
      if (change !== "nothing") await bench[change]();
      await bench.start("b");
      const worker = bench.worker();
      const turns = [await worker.turn(), await worker.turn()];
      const turn = turns.find(({ request }) => request.instanceId === "a");
      if (!turn) throw new Error("there is no turn of a");
      await worker.answer(turn, [schedule(1, "bad"), schedule(3, "y"), send(4, "b", "note")]);
      const next = await worker.turn();
      expect(next.request.newEvents[1]?.eventType).toMatchObject({
        case: "taskCompleted",
        value: { taskScheduledId: 3, result: "2" },
      });
      await worker.answer(next, [schedule(5, "z")]);
      expect((await worker.turn()).request.newEvents[1]?.eventType).toMatchObject({
        value: { taskScheduledId: 5, result: "3" },
      });
      expect((await worker.activity()).request.name).toBe("bad");
      expect(await worker.isIdle()).toBe(true);
      // The event was sent before.
      expect(eventNames(await bench.history("a"))).toContain("eventSent");
      expect(
        bench.store.batches.flatMap(({ log }) => log.flatMap(({ events }) => events)),
      ).not.toContainEqual(
        expect.objectContaining({ eventType: expect.objectContaining({ case: "eventRaised" }) }),
      );
    },
  );

  it.each(changes)(
    "rule 20: an activity that still runs becomes that of the call that asks for it again (%s after the rewind)",
    async (change) => {
      const bench = await openBench(createStore);
      const running = await failBesideLater(bench);
      await bench.service.rewindInstance({ instanceId: "a" });
      if (change !== "nothing") await bench[change]();
      const worker = bench.worker();
      await worker.run(schedule(1, "bad"), schedule(3, "slow"));
      const calls = [await worker.activity()];
      if (change !== "nothing") calls.push(await worker.activity());
      expect(await worker.isIdle()).toBe(true);
      if (change === "nothing") await worker.finish(running, "done");
      for (const call of calls) await worker.finish(call, "done");
      const slow = calls.find(({ request }) => request.name === "slow");
      const renamed = expect.objectContaining({ taskId: 3, tags: { [tag]: "4" } });
      expect(slow?.request).toEqual(change === "nothing" ? undefined : renamed);
      const turn = await worker.run(complete(9));
      const results = turn.request.newEvents.slice(1).map(({ eventType }) => eventType.value);
      expect(results).toContainEqual(
        expect.objectContaining({ taskScheduledId: 3, result: "done" }),
      );
      expect(await bench.store.detached()).toEqual([]);
      await expectNoOrphans(bench.store, bench.store.batches);
    },
  );

  it("rule 20: what comes of a removed activity never ends the one that has its event id now", async () => {
    const bench = await openBench(createStore, { gracePeriod: { milliseconds: 0 } });
    const running = await failBesideLater(bench);
    await bench.service.rewindInstance({ instanceId: "a" });
    const worker = bench.worker();
    await worker.run(schedule(1, "bad"), schedule(4, "other"));
    await worker.finish(
      { ...running, token: running.token.replace(/^[^.]*\.[^.]*/u, "lost.0") },
      "no",
    );
    for (const call of [await worker.activity(), await worker.activity()])
      await worker.finish(call, call.request.name);
    const turn = await worker.run(complete(9));
    expect(turn.request.newEvents.slice(1).map(({ eventType }) => eventType.value)).toContainEqual(
      expect.objectContaining({ taskScheduledId: 4, result: "other" }),
    );
  });

  it.each(["begun", "waiting"])(
    "rule 20: an activity that was asked for because of the failure is over if it is %s",
    async (state) => {
      const bench = await openBench(createStore);
      await bench.start("a");
      const worker = bench.worker();
      await worker.run(schedule(1, "bad"));
      await finishAll(worker, 1, { bad: undefined });
      const turn = await worker.turn();
      if (state === "waiting") await worker.close();
      await worker.answer(turn, [schedule(2, "undo"), fail(3)]);
      const undo = state === "begun" ? await worker.activity() : undefined;
      expect(await bench.store.detached()).toHaveLength(1);
      await bench.service.rewindInstance({ instanceId: "a" });
      expect(await bench.store.detached()).toEqual([]);
      const again = bench.worker();
      // It comes to the same once more; what comes of the first one is nobody's.
      if (undo) await again.finish(undo, "undone");
      await again.run(schedule(1, "bad"));
      await finishAll(again, 1, { bad: undefined });
      const next = await again.run(schedule(2, "undo"));
      expect(eventNames(next.request.newEvents)).toEqual(["orchestratorStarted", "taskFailed"]);
      expect((await again.work("undone again")).request.name).toBe("undo");
      expect((await again.run(complete(3))).request.newEvents[1]?.eventType.value).toMatchObject({
        taskScheduledId: 2,
        result: "undone again",
      });
      expect(await again.isIdle()).toBe(true);
      await expectNoOrphans(bench.store, bench.store.batches);
    },
  );

  it("rule 20: results are given in the order in which they came, whatever is asked for first now", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const first = bench.worker();
    await first.run(schedule(1, "bad"), schedule(2, "x"));
    await finishAll(first, 2, { bad: undefined, x: "1" });
    await first.run(schedule(3, "y"), schedule(4, "z"));
    const calls = [await first.activity(), await first.activity()];
    for (const call of calls.toReversed()) await first.finish(call, call.request.name);
    await first.run(fail(5));
    await bench.service.rewindInstance({ instanceId: "a" });
    const worker = bench.worker();
    await worker.run(schedule(1, "bad"), schedule(3, "y"), schedule(4, "z"));
    const { request } = await worker.turn();
    const came = calls.map(({ request: { name } }) => name).toReversed();
    expect(request.newEvents.slice(1).map(({ eventType }) => eventType.value)).toMatchObject(
      came.map((result) => ({ result })),
    );
  });

  it("rule 20: idempotency keys stay, and none is used twice", async () => {
    const bench = await openBench(createStore);
    await failBesideLater(bench);
    await bench.service.rewindInstance({ instanceId: "a" });
    const worker = bench.worker();
    await worker.run(
      schedule(1, "bad"),
      schedule(2, "new"),
      schedule(3, "slow"),
      schedule(4, "newer"),
    );
    const keys = async (count: number) => {
      const found: Record<string, string | undefined> = {};
      for (let index = 0; index < count; index++) {
        const { request } = await worker.activity();
        found[request.name] = request.tags[tag] ?? String(request.taskId);
      }
      return found;
    };
    expect(await keys(3)).toEqual({ bad: "1", new: "2~1", newer: "4~1" });
    await bench.die();
    const again = bench.worker();
    const found: Record<string, string | undefined> = {};
    for (let index = 0; index < 4; index++) {
      const { request } = await again.activity();
      found[request.name] = request.tags[tag] ?? String(request.taskId);
    }
    expect(found).toEqual({ bad: "1", new: "2~1", slow: "4", newer: "4~1" });
  });

  it("rule 20: a child that ended after the failure of its parent is not started again", async () => {
    for (const change of changes) {
      const bench = await openBench(createStore);
      await bench.start("a");
      const worker = bench.worker();
      await worker.run(schedule(1, "bad"), child(2, "kid"), child(3, "failed"));
      const kids = [await worker.turn(), await worker.turn()];
      await finishAll(worker, 1, { bad: undefined });
      await worker.run(fail(4));
      for (const kid of kids)
        await worker.answer(kid, [
          kid.request.instanceId === "kid" ? complete(1, "kid's") : fail(1),
        ]);
      await worker.close();
      if (change !== "nothing") await bench[change]();
      await bench.service.rewindInstance({ instanceId: "a" });
      const again = bench.worker();
      const turns = [await again.turn(), await again.turn()];
      for (const { request, token } of turns) {
        if (request.instanceId === "failed") {
          await again.answer({ request, token }, [complete(1, "mended")]);
          continue;
        }
        expect(request.newEvents[1]?.eventType).toMatchObject({
          case: "subOrchestrationInstanceCompleted",
          value: { taskScheduledId: 2, result: "kid's" },
        });
        await again.answer({ request, token }, [schedule(1, "bad")]);
      }
      const last = await again.run();
      expect(last.request.newEvents[1]?.eventType.value).toMatchObject({ result: "mended" });
      await expectNoOrphans(bench.store, bench.store.batches);
    }
  });

  it("rule 20: an instance that was suspended when it failed goes on", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    const turn = await worker.turn();
    await bench.service.suspendInstance({ instanceId: "a" });
    await worker.answer(turn, [fail(1)]);
    await bench.service.rewindInstance({ instanceId: "a" });
    const again = await worker.run(complete(1));
    expect(eventNames(again.request.newEvents).slice(-3)).toEqual([
      "executionSuspended",
      "executionResumed",
      "executionRewound",
    ]);
    expect((await bench.state("a")).orchestrationStatus).toBe(COMPLETED);
  });

  it("rule 20: what is kept of an execution goes with its instance: purged, replaced, or continued as new", async () => {
    for (const end of ["purge", "restart", "start", "replaced while it runs"] as const) {
      const bench = await openBench(createStore);
      const slow = await failBeside(bench, [
        schedule(1, "bad"),
        schedule(2, "slow"),
        schedule(3, "slower"),
      ]);
      const worker = bench.worker();
      const { executionId = "" } = await bench.state("a");
      const isLate = end !== "replaced while it runs";
      if (isLate) await worker.finish(slow, "late");
      expect(await bench.store.kept(executionId)).toHaveLength(isLate ? 1 : 0);
      const request = { case: "instanceId" as const, value: "a" };
      if (end === "purge") await bench.service.purgeInstances({ request });
      else if (end === "restart") await bench.service.restartInstance({ instanceId: "a" });
      else await bench.start("a");
      // What still runs finds nobody any more.
      await worker.finish(slow, "later");
      if (end !== "purge") await worker.run(complete(1));
      await bench.reopen();
      expect(await bench.store.kept(executionId)).toEqual([]);
      await expectNoOrphans(bench.store, bench.store.batches);
      await bench.close();
    }
  });
}

const tag = "durabletask.first-attempt";
