import { assert, expect, it } from "vitest";
import { isReadyIterator } from "@durabletask/core";
import { child, complete, schedule } from "../actions.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { eventNames } from "../scripted-worker.ts";
import { settle } from "../settle.ts";

export function describeDispatch(createStore: CreateStore): void {
  it("gives a worker no more than it takes at once", async () => {
    const bench = await openBench(createStore);
    for (const id of ["a", "b", "c"]) await bench.start(id);
    const request = { maxConcurrentOrchestrationWorkItems: 2, maxConcurrentActivityWorkItems: 1 };
    const worker = bench.worker({ request });
    const first = await worker.turn();
    await worker.turn();
    expect(await worker.isIdle()).toBe(true);
    await worker.answer(first, [schedule(1), schedule(2)]);
    await worker.turn();
    const call = await worker.activity();
    expect(await worker.isIdle()).toBe(true);
    await worker.finish(call);
    await worker.activity();
    expect(await worker.isIdle()).toBe(true);
  });

  it("says at once what is ready: as far as a worker has room, and nothing once its stream has ended", async () => {
    const bench = await openBench(createStore);
    const request = { maxConcurrentOrchestrationWorkItems: 3 };
    const stream = bench.service.getWorkItems(request)[Symbol.asyncIterator]();
    assert(isReadyIterator(stream));
    expect(stream.ready()).toBeUndefined();
    const first = stream.next();
    for (const id of ["a", "b", "c", "d"]) await bench.start(id);
    const items = [(await first).value, stream.ready(), stream.ready()];
    for (const [index, instanceId] of ["a", "b", "c"].entries())
      expect(items[index]).toMatchObject({ request: { value: { instanceId } } });
    expect(stream.ready()).toBeUndefined();
    const { completionToken = "" } = items[0] ?? {};
    await bench.service.abandonTaskOrchestratorWorkItem({ completionToken });
    expect(stream.ready()).toMatchObject({ request: { value: { instanceId: "d" } } });
    await bench.start("e");
    await stream.return?.();
    expect(stream.ready()).toBeUndefined();
  });

  it("gives a filtered worker what it takes, and lets nobody wait behind it", async () => {
    const bench = await openBench(createStore);
    const filtered = bench.worker({
      request: {
        workItemFilters: {
          orchestrations: [
            { name: "x", versions: ["1", "2"] },
            { name: "y", versions: [] },
          ],
        },
      },
    });
    await bench.start("z", { name: "z" });
    await bench.start("x0", { name: "x" });
    await bench.start("x2", { name: "x", version: "2" });
    await bench.start("x3", { name: "x", version: "3" });
    await bench.start("y", { name: "y", version: "9" });
    const got = [await filtered.turn(), await filtered.turn()].map(
      (turn) => turn.request.instanceId,
    );
    expect(got.toSorted()).toEqual(["x2", "y"]);
    expect(await filtered.isIdle()).toBe(true);
    const other = bench.worker();
    const rest = [await other.turn(), await other.turn(), await other.turn()];
    expect(rest.map((turn) => turn.request.instanceId).toSorted()).toEqual(["x0", "x3", "z"]);
  });

  it("filters activities as well", async () => {
    const bench = await openBench(createStore);
    const worker = bench.worker({
      request: {
        workItemFilters: { orchestrations: [{ name: "main" }], activities: [{ name: "mine" }] },
      },
    });
    await bench.start("a");
    await worker.run(schedule(1, "yours"), schedule(2, "mine"), schedule(3, "constructor"));
    expect((await worker.work()).request.name).toBe("mine");
    await worker.run();
    expect(await worker.isIdle()).toBe(true);
  });

  it("gives a worker that names only one kind nothing of the other", async () => {
    const bench = await openBench(createStore);
    const activities = bench.worker({
      request: { workItemFilters: { activities: [{ name: "work" }] } },
    });
    const turns = bench.worker({
      request: { workItemFilters: { orchestrations: [{ name: "main" }] } },
    });
    await bench.start("a");
    expect(await activities.isIdle()).toBe(true);
    await turns.run(schedule(1, "work"));
    expect(await turns.isIdle()).toBe(true);
    expect((await activities.activity()).request.name).toBe("work");
  });

  it("spreads work over workers that wait", async () => {
    const bench = await openBench(createStore);
    const workers = [bench.worker(), bench.worker(), bench.worker()];
    for (const worker of workers) worker.ask();
    await settle();
    for (const id of ["a", "b", "c"]) await bench.start(id);
    const ids = await Promise.all(
      workers.map(async (worker) => (await worker.turn()).request.instanceId),
    );
    expect(ids.toSorted()).toEqual(["a", "b", "c"]);
  });

  it("names take turns, so that a flood of one does not starve another", async () => {
    const bench = await openBench(createStore);
    for (let index = 0; index < 20; index++) await bench.start(`f${index}`, { name: "flood" });
    await bench.start("quiet", { name: "quiet" });
    const worker = bench.worker();
    const ids = [
      (await worker.turn()).request.instanceId,
      (await worker.turn()).request.instanceId,
    ];
    expect(ids).toContain("quiet");
  });

  it("rule 17: a worker that closes its stream gives its items back at once", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.start("b");
    const worker = bench.worker();
    await worker.run(schedule(1));
    const turn = await worker.turn();
    const call = await worker.activity();
    worker.ask();
    await worker.close();
    expect((await worker.pull()).done).toBe(true);
    const other = bench.worker();
    const items = [await other.next(), await other.next()];
    expect(items.map(({ request }) => String(request.case)).toSorted()).toEqual([
      "activityRequest",
      "orchestratorRequest",
    ]);
    // The first result wins, whoever brings it.
    await worker.answer(turn, [complete(1, "late")]);
    await worker.finish(call, "first");
    expect(await bench.state("b")).toMatchObject({ output: "late" });
    for (const { request, completionToken } of items) {
      if (request.case !== "activityRequest") continue;
      await other.finish({ token: completionToken, request: request.value }, "second");
    }
    const next = await other.turn();
    expect(next.request.newEvents[1]?.eventType.value).toMatchObject({ result: "first" });
    expect(await other.isIdle()).toBe(true);
  });

  it("rule 17: a lost connection gives its items back after the grace period, and the stream ends with its signal's reason", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const abort = new AbortController();
    const worker = bench.worker({ signal: abort.signal });
    await worker.turn();
    worker.ask();
    const reason = new Error("the cable was cut");
    abort.abort(reason);
    await expect(worker.pull()).rejects.toBe(reason);
    const other = bench.worker();
    await bench.pass(4999);
    expect(await other.isIdle()).toBe(true);
    await bench.pass(1);
    expect((await other.turn()).request.instanceId).toBe("a");
  });

  it("rule 17: what a lost connection was at is taken from the next one, while nobody else has it", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const abort = new AbortController();
    const worker = bench.worker({ signal: abort.signal, hasSessions: true });
    await worker.run(schedule(1), schedule(2));
    const calls = [await worker.activity(), await worker.activity()];
    await bench.service.raiseEvent({ instanceId: "a", name: "x" });
    const turn = await worker.turn();
    abort.abort();
    const next = bench.worker({ hasSessions: true });
    expect(await next.isIdle()).toBe(true);
    await next.answer(turn, [schedule(3)]);
    const [first, second] = calls;
    if (first) await next.finish(first, "in time");
    await next.work("new");
    await next.run();
    await bench.pass(5000);
    const repeated = await next.activity();
    // The grace is over, but the first result still wins.
    if (second) await next.finish(second, "late");
    await next.finish(repeated, "again");
    const done = await next.run(complete(4));
    const results = done.request.pastEvents.concat(done.request.newEvents).map((e) => e.eventType);
    const values = results.flatMap((type) =>
      type.case === "taskCompleted" ? (type.value.result ?? "") : [],
    );
    expect(values).toContain("late");
    expect(values).not.toContain("again");
    expect(bench.hub.stats()).toMatchObject({ liveInstances: 0, leasedTurns: 0 });
  });

  it("rule 17: a completion without a token is matched by instance and task", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker({
      request: { maxConcurrentActivityWorkItems: 1, maxConcurrentOrchestrationWorkItems: 1 },
    });
    await worker.answer(await worker.turn(), [schedule(0), schedule(1)], { completionToken: "" });
    for (const taskId of [0, 1]) {
      const call = await worker.activity();
      expect(call.request.taskId).toBe(taskId);
      await worker.finish(call, "r", { completionToken: "" });
      await worker.answer(await worker.turn(), taskId === 1 ? [complete(2)] : [], {
        completionToken: "",
      });
    }
    await bench.start("b");
    const fenced = await worker.turn();
    await bench.service.terminateInstance({ instanceId: "b" });
    await bench.start("c");
    await worker.answer(fenced, [], { completionToken: "" });
    expect((await worker.turn()).request.instanceId).toBe("c");
  });

  it("rule 17: unknown tokens change nothing and are no error", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    const turn = await worker.turn();
    await worker.answer(turn, [complete(1)], { completionToken: "nonsense" });
    await worker.finish(
      {
        token: "nonsense",
        request: { $typeName: "ActivityRequest", name: "x", taskId: 1, tags: {} },
      },
      "r",
    );
    await worker.abandon({ ...turn, token: "nonsense" });
    await worker.answer(turn, [schedule(1)]);
    expect(eventNames(await bench.history("a"))).toHaveLength(3);
  });

  it("abandoned turns come back after a while that grows to 30 s", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    for (const delay of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      await worker.abandon(await worker.turn());
      await bench.pass(delay - 1);
      expect(await worker.isIdle()).toBe(true);
      await bench.pass(1);
    }
    await worker.run(schedule(1));
    await worker.work();
    await worker.abandon(await worker.turn());
    await bench.pass(999);
    expect(await worker.isIdle()).toBe(true);
    await bench.pass(1);
    await worker.run(complete(2));
  });

  it("rule 9: what one worker abandons, another one has at once", async () => {
    const bench = await openBench(createStore);
    await bench.start("a", { version: "2" });
    const request = { workItemFilters: { orchestrations: [{ name: "main" }] } };
    const old = bench.worker({ hasSessions: true, request });
    await old.abandon(await old.turn());
    expect(await old.isIdle()).toBe(true);
    const fresh = bench.worker({ hasSessions: true });
    await fresh.run(schedule(1));
    await fresh.work();
    // The commit has wiped the slate clean; but the session is with the other one.
    await fresh.run(schedule(2));
    await fresh.close();
    await bench.service.raiseEvent({ instanceId: "a", name: "x" });
    await old.run(complete(3));
  });

  it("rule 9: workers back off one by one, and what they abandoned stands in nobody's way", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const one = bench.worker();
    await one.abandon(await one.turn());
    await bench.pass(500);
    const two = bench.worker();
    await two.abandon(await two.turn());
    await bench.start("b");
    expect((await one.run(complete(1))).request.instanceId).toBe("b");
    await bench.start("c");
    expect((await two.run(complete(1))).request.instanceId).toBe("c");
    for (const worker of [one, two]) expect(await worker.isIdle()).toBe(true);
    await bench.pass(500);
    // The first one's time is over, the second one's is not.
    await one.run(complete(1, "done"));
    await bench.pass(60_000);
    expect(await two.isIdle()).toBe(true);
    expect(await bench.state("a")).toMatchObject({ output: "done" });
    expect(bench.hub.stats()).toMatchObject({ liveInstances: 0, alarms: 0 });
  });

  it("rule 9: an abandoned turn that comes back is handed out once, its history read or not", async () => {
    const bench = await openBench(createStore, { maxHistoryEvents: 0 });
    for (const id of ["a", "b"]) await bench.start(id);
    const one = bench.worker();
    await one.run(schedule(1));
    await one.run(schedule(1));
    await one.work();
    await one.work();
    for (const _ of ["a", "b"]) await one.abandon(await one.turn());
    await bench.pass(1000);
    const turns = [await one.turn(), await one.turn()];
    expect(new Set(turns.map(({ request }) => request.instanceId)).size).toBe(2);
    for (const turn of turns) await one.answer(turn, [schedule(2)]);
    for (const _ of ["a", "b"]) await one.work();
    for (const _ of ["a", "b"]) await one.run(complete(3));
    expect(await one.isIdle()).toBe(true);
    for (const id of ["a", "b"]) expect(eventNames(await bench.history(id))).toHaveLength(9);
  });

  it("abandoned activities come back after a while too", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(schedule(1));
    await worker.abandon(await worker.activity());
    expect(await worker.isIdle()).toBe(true);
    await bench.pass(1000);
    await worker.work("r");
    await worker.run(complete(2));
  });

  it("rule 9: an activity that one worker abandons goes to another one at once, and to that one after a while", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const request = { maxConcurrentOrchestrationWorkItems: 1 };
    const one = bench.worker({ request });
    await one.run(schedule(1), schedule(2));
    await one.abandon(await one.activity());
    await one.abandon(await one.activity());
    expect(await one.isIdle()).toBe(true);
    const two = bench.worker();
    const call = await two.work("two");
    const other = await two.activity();
    expect([call, other].map(({ request: { taskId } }) => taskId)).toEqual([1, 2]);
    await two.abandon(other);
    await one.run();
    expect(await two.isIdle()).toBe(true);
    await bench.pass(1000);
    // Both may have it again now; it is handed out once.
    two.ask();
    await settle();
    const idle = await Promise.all([one, two].map((worker) => worker.isIdle()));
    expect(idle.filter(Boolean)).toHaveLength(1);
  });

  it("what was abandoned and is wanted no more leaves nothing behind", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(schedule(1));
    await worker.abandon(await worker.activity());
    await bench.service.raiseEvent({ instanceId: "a", name: "x" });
    await worker.abandon(await worker.turn());
    await bench.service.terminateInstance({ instanceId: "a" });
    expect(bench.hub.stats()).toMatchObject({ readyTurns: 0, readyActivities: 0 });
    await bench.pass(60_000);
    expect(await worker.isIdle()).toBe(true);
    expect(bench.hub.stats()).toMatchObject({ liveInstances: 0, alarms: 0 });
  });

  it("does not let turns that never rest starve the event loop", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker({ hasSessions: true });
    let turns = 0;
    const run = async () => {
      for (let id = 1; ; id++) {
        const turn = await worker.turn();
        turns++;
        const self = {
          case: "sendEvent" as const,
          value: { instance: { instanceId: "a" }, name: "x" },
        };
        void worker
          .answer(turn, [], { actions: [{ id, orchestratorActionType: self }] })
          .catch(() => undefined);
      }
    };
    const running = run().catch(() => undefined);
    await settle();
    const seen = turns;
    await settle();
    expect(turns).toBeGreaterThan(seen);
    expect(Math.max(...bench.store.batches.map(({ log }) => log.length))).toBeLessThan(5000);
    await bench.service.terminateInstance({ instanceId: "a" });
    await bench.close();
    await running;
  });

  it("does not let activities that take no time starve the event loop", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker({ request: { maxConcurrentActivityWorkItems: 100 } });
    await worker.run(...Array.from({ length: 5000 }, (_, index) => schedule(index + 1)));
    const finished = [];
    for (let index = 0; index < 5000; index++)
      finished.push(worker.finish(await worker.activity()));
    await Promise.all(finished);
    const arrivals = bench.store.batches.map(({ log }) => log[0]?.arrived ?? 0);
    expect(Math.max(...arrivals)).toBeLessThan(1100);
  });

  it("leases an item when next() resolves, not before", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.service.raiseEvent({ instanceId: "a", name: "x" });
    await settle();
    expect(bench.hub.stats()).toMatchObject({ readyTurns: 1, leasedTurns: 0 });
    const turn = await bench.worker().turn();
    expect(eventNames(turn.request.newEvents)).toHaveLength(3);
    expect(bench.hub.stats()).toMatchObject({ readyTurns: 0, leasedTurns: 1 });
  });

  it("children and their parents run on different workers", async () => {
    const bench = await openBench(createStore);
    const parents = bench.worker({
      request: { workItemFilters: { orchestrations: [{ name: "main" }] } },
    });
    const children = bench.worker({
      request: { workItemFilters: { orchestrations: [{ name: "child" }] } },
    });
    await bench.start("a");
    await parents.run(child(1));
    await children.run(complete(1, "r"));
    await parents.run(complete(2, "done"));
    expect(await bench.state("a")).toMatchObject({ output: "done" });
  });
}
