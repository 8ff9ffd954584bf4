import { OrchestrationStatus } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { complete, continueAsNew, schedule } from "../actions.ts";
import type { CreateStore, HubBench } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import type { Turn } from "../scripted-worker.ts";
import { eventNames } from "../scripted-worker.ts";

const turnsOnly = {
  workItemFilters: { orchestrations: [{ name: "main" }], activities: [{ name: "none" }] },
};
const { COMPLETED, PENDING, RUNNING } = OrchestrationStatus;

/** A worker gets the turn of "a", and its stream ends. */
async function lose(bench: HubBench, by: "closing" | "its connection"): Promise<Turn> {
  const abort = new AbortController();
  const worker = bench.worker({ signal: abort.signal });
  const turn = await worker.turn();
  await bench.pass(1000);
  if (by === "closing") await worker.close();
  else abort.abort();
  await bench.pass(5000);
  return turn;
}

export function describeLeases(createStore: CreateStore): void {
  describeLateTurns(createStore);
  describeMaxLeases(createStore);
  describeStrangers(createStore);

  it("rule 17: what ends its worker as soon as it has it comes back after a while that grows", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.worker().run(schedule(1));
    await bench.service.raiseEvent({ instanceId: "a", name: "x" });
    // At once after the first time: it may have been a worker that restarts.
    for (const delay of [0, 0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      const worker = bench.worker();
      await bench.pass(Math.max(delay - 1, 0));
      expect(await worker.isIdle()).toBe(delay > 0);
      await bench.pass(Math.min(delay, 1));
      await Promise.all([worker.turn(), worker.activity()]);
      await worker.close();
    }
    await bench.pass(30_000);
    const worker = bench.worker();
    await worker.work();
    await worker.run(complete(2, "after all"));
    expect(await bench.state("a")).toMatchObject({ output: "after all" });
  });

  it("rule 17: a worker that stayed for a while gives back at once, however often", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    for (let times = 0; times < 5; times++) {
      const worker = bench.worker();
      await worker.turn();
      await bench.pass(1000);
      await worker.close();
    }
    expect(await bench.worker().isIdle()).toBe(false);
  });

  it("200 workers that connect and die leave nothing behind", async () => {
    const bench = await openBench(createStore);
    for (let index = 0; index < 20; index++) await bench.start(`i${index}`);
    const requests = Array.from({ length: 200 }, (_, index) => ({
      workItemFilters: { orchestrations: [{ name: index % 2 ? "main" : `none ${index}` }] },
    }));
    for (const [index, request] of requests.entries()) {
      const abort = new AbortController();
      const worker = bench.worker({ request, signal: abort.signal, hasSessions: true });
      await worker.isIdle();
      if (index % 3) abort.abort();
      else await worker.close();
    }
    await bench.pass(60_000);
    expect(bench.hub.stats()).toMatchObject({
      streams: 0,
      leasedTurns: 0,
      readyTurns: 20,
      alarms: 0,
    });
    const worker = bench.worker();
    for (let index = 0; index < 20; index++) await worker.run(complete(1));
    expect(await worker.isIdle()).toBe(true);
    expect(bench.hub.stats()).toMatchObject({ liveInstances: 0, readyTurns: 0 });
  });
}

function describeLateTurns(createStore: CreateStore): void {
  it.each(["closing", "its connection"] as const)(
    "rule 17: a turn whose stream ended by %s is taken late, if nothing was committed since",
    async (by) => {
      const bench = await openBench(createStore, { maxHistoryEvents: 0 });
      await bench.start("a");
      await bench.worker().run(schedule(1));
      await bench.service.raiseEvent({ instanceId: "a", name: "x" });
      const turn = await lose(bench, by);
      await bench.service.raiseEvent({ instanceId: "a", name: "y" });
      const other = bench.worker();
      await other.answer(turn, [schedule(2)]);
      // What came since is for the next turn.
      const next = await other.turn();
      expect(eventNames(next.request.pastEvents).slice(-3)).toEqual([
        "orchestratorStarted",
        "eventRaised",
        "taskScheduled",
      ]);
      expect(eventNames(next.request.newEvents)).toEqual(["orchestratorStarted", "eventRaised"]);
      await other.answer(next, [complete(3, "whole")]);
      expect(await bench.state("a")).toMatchObject({ output: "whole" });
      expect(await other.isIdle()).toBe(false);
    },
  );

  it("rule 17: a late turn joins the history that is being read for another worker", async () => {
    const bench = await openBench(createStore, { maxHistoryEvents: 0 });
    await bench.start("a");
    await bench.worker({ request: turnsOnly }).run(schedule(1));
    await bench.service.raiseEvent({ instanceId: "a", name: "x" });
    const turn = await lose(bench, "closing");
    // Its history has to leave the memory.
    await bench.start("b", { name: "other" });
    const reading = Promise.withResolvers<void>();
    bench.store.chainGate = reading.promise;
    const other = bench.worker({ request: turnsOnly });
    expect(await other.isIdle()).toBe(true);
    await other.answer(turn, [schedule(2)]);
    await bench.service.raiseEvent({ instanceId: "a", name: "y" });
    bench.store.chainGate = undefined;
    reading.resolve();
    const { pastEvents, newEvents } = (await other.turn()).request;
    expect(pastEvents.map(({ eventId }) => eventId)).toContain(2);
    expect(pastEvents).toEqual(await bench.history("a"));
    expect(newEvents).toHaveLength(2);
  });

  it("rule 17: a late turn ends the time for which its instance was held back", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const turns: Turn[] = [];
    for (let times = 0; times < 2; times++) {
      const worker = bench.worker();
      turns.push(await worker.turn());
      await worker.close();
    }
    const worker = bench.worker();
    expect(await worker.isIdle()).toBe(true);
    const [, last] = turns;
    if (last) await worker.answer(last, [schedule(1)]);
    await bench.service.raiseEvent({ instanceId: "a", name: "x" });
    await worker.run(complete(2, "at once"));
    expect(await bench.state("a")).toMatchObject({ output: "at once" });
  });

  it("rule 17: the first to complete a turn counts, whoever has it", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const turn = await lose(bench, "closing");
    const other = bench.worker({ request: { maxConcurrentOrchestrationWorkItems: 1 } });
    const again = await other.turn();
    await other.answer(turn, [complete(1, "late")]);
    await other.answer(again, [complete(1, "second")]);
    expect(await bench.state("a")).toMatchObject({ output: "late" });
    await bench.start("b");
    expect((await other.turn()).request.instanceId).toBe("b");
  });

  it("rule 17: a late turn changes nothing once another one was committed, or its execution is over", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const turns = [await lose(bench, "closing"), await lose(bench, "its connection")];
    const other = bench.worker();
    await other.run(schedule(1));
    for (const turn of turns) await other.answer(turn, [complete(1, "late")]);
    expect(await bench.state("a")).toMatchObject({ orchestrationStatus: RUNNING });
    await other.work();
    const next = await other.turn();
    await other.close();
    await bench.service.terminateInstance({ instanceId: "a" });
    await bench.start("a");
    const last = bench.worker();
    for (const turn of [...turns, next]) await last.answer(turn, [complete(1, "late")]);
    await last.run(continueAsNew(1));
    for (const turn of [...turns, next]) await last.answer(turn, [complete(1, "late")]);
    await last.run(complete(1, "right"));
    expect(await bench.state("a")).toMatchObject({ output: "right" });
  });

  it("rule 17: a late turn that asks for its history, or is abandoned, changes nothing", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const turn = await lose(bench, "closing");
    const other = bench.worker();
    const again = await other.turn();
    await other.answer(turn, [], { requiresHistory: true });
    await other.abandon(turn);
    expect(await other.isIdle()).toBe(true);
    await other.answer(again, [complete(1)]);
    expect(await bench.state("a")).toMatchObject({ orchestrationStatus: COMPLETED });
  });
}

function describeMaxLeases(createStore: CreateStore): void {
  const maxLease = { orchestrations: { minutes: 1 }, activities: { minutes: 10 } };

  it("rule 17: what a worker hangs at is given to others after maxLease, and its result is still taken", async () => {
    const bench = await openBench(createStore, { maxLease });
    await bench.start("a");
    const request = { maxConcurrentOrchestrationWorkItems: 1, maxConcurrentActivityWorkItems: 1 };
    const stuck = bench.worker({ request });
    const turn = await stuck.turn();
    const other = bench.worker({ request });
    await bench.pass(59_999);
    expect(await other.isIdle()).toBe(true);
    await bench.pass(1);
    const again = await other.turn();
    await stuck.answer(turn, [schedule(1)]);
    await other.answer(again, [complete(1, "second")]);
    expect(await bench.state("a")).toMatchObject({ orchestrationStatus: RUNNING });
    const call = await stuck.activity();
    await bench.pass(599_999);
    expect(await other.isIdle()).toBe(true);
    await bench.pass(1);
    const repeated = await other.activity();
    // Both are at it, and both have no credit left.
    expect(bench.hub.stats()).toMatchObject({ leasedActivities: 2 });
    await stuck.finish(call, "first");
    await other.finish(repeated, "second");
    const last = await other.turn();
    expect(last.request.newEvents[1]?.eventType.value).toMatchObject({ result: "first" });
    await other.answer(last, [complete(2)]);
    expect(bench.hub.stats()).toMatchObject({ leasedActivities: 0, leasedTurns: 0 });
    await bench.pass(60_000);
    expect(bench.hub.stats()).toMatchObject({ liveInstances: 0, streams: 2 });
  });

  it("rule 17: the worker that hangs gets it again after a while, if nobody else takes it", async () => {
    const bench = await openBench(createStore, { maxLease });
    await bench.start("a");
    const worker = bench.worker();
    const first = await worker.turn();
    await bench.pass(60_000);
    expect(await worker.isIdle()).toBe(true);
    await bench.pass(1000);
    const second = await worker.turn();
    await worker.close();
    const other = bench.worker();
    await other.answer(first, [complete(1, "first")]);
    await other.answer(second, [complete(1, "second")]);
    expect(await bench.state("a")).toMatchObject({ output: "first" });
    expect(bench.hub.stats()).toMatchObject({ leasedTurns: 0, liveInstances: 0 });
  });

  it("rule 17: a worker that hangs at an activity gets it again after a while, too", async () => {
    const bench = await openBench(createStore, { maxLease });
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(schedule(1));
    const first = await worker.activity();
    await bench.pass(600_000);
    expect(await worker.isIdle()).toBe(true);
    await bench.pass(1000);
    const second = await worker.activity();
    await worker.finish(second, "second");
    await worker.finish(first, "first");
    const turn = await worker.run(complete(2));
    expect(turn.request.newEvents[1]?.eventType.value).toMatchObject({ result: "second" });
    expect(bench.hub.stats()).toMatchObject({ leasedActivities: 0, liveInstances: 0 });
  });

  it("rule 17: a turn that came to nothing with many workers is taken from the last few of them alone", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const turns = [];
    for (let index = 0; index < 5; index++) {
      const worker = bench.worker();
      turns.push(await worker.turn());
      await worker.close();
      await bench.pass(60_000);
    }
    const [oldest, ...later] = turns;
    const last = bench.worker();
    if (oldest) await last.answer(oldest, [complete(1, "oldest")]);
    expect(await bench.state("a")).toMatchObject({ orchestrationStatus: PENDING });
    for (const turn of later) await last.answer(turn, [complete(1, turn.token)]);
    expect(await bench.state("a")).toMatchObject({ output: later[0]?.token });
  });

  it("rule 17: each item has its own time, and without a limit nothing is taken back", async () => {
    const bench = await openBench(createStore, { maxLease: { activities: { seconds: 10 } } });
    await bench.start("a");
    const stuck = bench.worker();
    await stuck.run(schedule(1), schedule(2));
    await stuck.activity();
    await bench.pass(5000);
    await stuck.activity();
    await bench.service.raiseEvent({ instanceId: "a", name: "x" });
    await stuck.turn();
    const other = bench.worker();
    await bench.pass(5000);
    expect((await other.activity()).request.taskId).toBe(1);
    expect(await other.isIdle()).toBe(true);
    await bench.pass(5000);
    expect((await other.activity()).request.taskId).toBe(2);
    await bench.pass(1e6);
    const turns = bench.hub.stats();
    expect(turns).toMatchObject({ leasedTurns: 1, readyTurns: 0 });
  });
}

function describeStrangers(createStore: CreateStore): void {
  it("rule 17: a worker that completes what it does not own changes nothing", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.start("b");
    const worker = bench.worker();
    await worker.run(schedule(1), schedule(2));
    const call = await worker.activity();
    const turn = await worker.turn();
    const { executionId } = await bench.state("a");
    const named = (taskId: number, instanceId = "a") => ({
      ...call.request,
      taskId,
      orchestrationInstance: {
        $typeName: "OrchestrationInstance" as const,
        instanceId,
        executionId,
      },
    });
    // Of another task, of another instance, of a task that was not handed out, and none that there is.
    await worker.finish({ ...call, request: named(2) }, "wrong");
    await worker.finish({ ...call, request: named(1, "b") }, "wrong");
    await worker.finish({ ...call, request: named(2) }, "wrong", { completionToken: "" });
    await worker.finish({ ...call, request: named(3) }, "wrong", { completionToken: "" });
    await worker.finish({ token: turn.token, request: named(1) }, "wrong");
    const stranger = { ...turn, request: { ...turn.request, instanceId: "a" } };
    await worker.answer(stranger, [complete(1, "wrong")]);
    await worker.answer({ ...turn, token: call.token }, [complete(1, "wrong")]);
    const history = eventNames(await bench.history("a"));
    expect(history).not.toContain("taskCompleted");
    expect(await bench.state("b")).toMatchObject({ output: undefined });
    await worker.finish(call, "right");
    await worker.answer(turn, [complete(1, "right")]);
    const { newEvents } = (await worker.turn()).request;
    expect(newEvents[1]?.eventType.value).toMatchObject({ result: "right" });
    expect(await bench.state("b")).toMatchObject({ output: "right" });
  });

  it("rule 17: a result without a token counts once, also from a worker that has lost the task", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker({ request: { maxConcurrentActivityWorkItems: 1 } });
    await worker.run(schedule(0), schedule(1));
    const call = await worker.activity();
    await worker.close();
    const other = bench.worker();
    await other.work("one");
    const again = await other.activity();
    expect(again.request.taskId).toBe(0);
    await other.finish(call, "first", { completionToken: "" });
    for (let times = 0; times < 2; times++)
      await other.finish(again, "again", { completionToken: "" });
    await other.run(complete(2));
    const results = (await bench.history("a")).flatMap(({ eventType }) =>
      eventType.case === "taskCompleted" ? [eventType.value.result] : [],
    );
    expect(results).toEqual(["one", "first"]);
  });

  it("rule 17: a result that comes after the hub's death is taken, with or without a token", async () => {
    for (const token of [undefined, ""]) {
      const bench = await openBench(createStore);
      await bench.start("a");
      const worker = bench.worker();
      await worker.run(schedule(1));
      const call = await worker.activity();
      await bench.die();
      const other = bench.worker();
      await other.finish(call, "ran", token === undefined ? {} : { completionToken: token });
      const { newEvents } = (await other.turn()).request;
      expect(newEvents[1]?.eventType.value).toMatchObject({ result: "ran" });
      await bench.close();
    }
  });

  it("rule 17: a turn without a token that may be of a worker which saw less of it is run again", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const turn = await lose(bench, "closing");
    await bench.service.raiseEvent({ instanceId: "a", name: "x" });
    const other = bench.worker();
    const again = await other.turn();
    await other.answer(turn, [complete(1, "saw less")], { completionToken: "" });
    const third = await other.turn();
    expect(eventNames(third.request.newEvents)).toEqual(eventNames(again.request.newEvents));
    await other.answer(third, [complete(1, "saw all")], { completionToken: "" });
    expect(await bench.state("a")).toMatchObject({ output: "saw all" });
  });
}
