import { OrchestrationStatus } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { child, complete, schedule, timer } from "../actions.ts";
import type { CreateStore, HubBench } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import type { ScriptedWorker } from "../scripted-worker.ts";
import { eventNames } from "../scripted-worker.ts";
import { settle } from "../settle.ts";

const { COMPLETED, FAILED } = OrchestrationStatus;

export function describePoison(createStore: CreateStore): void {
  it("rule 9: after a death, what was open is handed out only once the attempt is on disk", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.start("b");
    await bench.worker().run(schedule(1, "x"));
    await bench.die();
    const gate = Promise.withResolvers<void>();
    bench.store.gate = gate.promise;
    const worker = bench.worker();
    expect(await worker.isIdle()).toBe(true);
    gate.resolve();
    const call = await worker.activity();
    const turn = await worker.turn();
    const attempts = await bench.store.attempts();
    expect(attempts.toSorted((a, b) => a.taskId - b.taskId)).toMatchObject([
      { kind: "turn", instanceId: turn.request.instanceId, attempts: 1, alone: 0 },
      { kind: "activity", taskId: 1, attempts: 1, alone: 0 },
    ]);
    // Done is done: nothing is kept, and what comes next waits for nothing.
    await worker.answer(turn, [complete(1)]);
    await worker.finish(call);
    await worker.run(complete(2));
    expect(await bench.store.attempts()).toEqual([]);
  });

  it("rule 9: after a clean end nobody is suspect", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.worker().run(schedule(1));
    await bench.reopen();
    const commits = bench.store.batches.length;
    await bench.worker().activity();
    expect(bench.store.batches.length).toBe(commits);
  });

  it("rule 9: a turn is suspect even if nothing of what it was for had reached the disk", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.worker().run(timer(1, bench.clock.now() + 1000));
    await bench.die();
    await bench.pass(1000);
    await bench.worker().turn();
    await bench.die();
    expect(await bench.store.attempts()).toMatchObject([{ kind: "turn", attempts: 1 }]);
  });

  it("rule 9: an activity that kills its process fails at its limit, and its innocent neighbours finish", async () => {
    const bench = await openBench(createStore, { maxAttempts: 3 });
    await bench.start("a");
    const calls = [schedule(1, "good"), schedule(2, "poison"), schedule(3, "good")];
    await bench.worker().run(...calls);
    let deaths = 0;
    for (; deaths < 20; deaths++) {
      await bench.die();
      if (!(await live(bench.worker()))) break;
    }
    // Twice in company, then alone as often as the limit says.
    expect(deaths).toBe(2 + 3);
    expect(await bench.state("a")).toMatchObject({ orchestrationStatus: COMPLETED });
    const history = await bench.history("a");
    expect(eventNames(history).filter((name) => name === "taskCompleted")).toHaveLength(2);
    const failed = history.find(({ eventType }) => eventType.case === "taskFailed");
    expect(failed?.eventType.value).toMatchObject({
      taskScheduledId: 2,
      failureDetails: {
        errorType: "PoisonedActivity",
        isNonRetriable: true,
        errorMessage: expect.stringContaining("ended 3 times"),
      },
    });
    expect(await bench.store.attempts()).toEqual([]);
  });

  it("rule 9: an orchestrator that kills its process fails at its limit, and its parent hears of it", async () => {
    const bench = await openBench(createStore, { maxAttempts: 1 });
    await bench.start("a");
    await bench.worker().run(child(1, "kid", "poison"));
    for (let deaths = 0; deaths < 3; deaths++) {
      await bench.die();
      const worker = bench.worker();
      expect((await worker.turn()).request.instanceId).toBe("kid");
    }
    await bench.die();
    const worker = bench.worker();
    const turn = await worker.run(complete(2, "saw it"));
    expect(turn.request.newEvents[1]?.eventType.value).toMatchObject({
      failureDetails: { errorType: "PoisonedOrchestration" },
    });
    expect(await bench.state("kid")).toMatchObject({
      orchestrationStatus: FAILED,
      failureDetails: { errorType: "PoisonedOrchestration", isNonRetriable: true },
    });
    expect(eventNames(await bench.history("kid"))).toEqual([
      "orchestratorStarted",
      "executionStarted",
      "executionCompleted",
    ]);
  });

  it("rule 9: from the third attempt on, one runs at a time, and nothing beside it", async () => {
    const bench = await openBench(createStore);
    await dieTwice(bench);
    await bench.die();
    const worker = bench.worker();
    const first = await worker.activity();
    await bench.start("b");
    expect(await worker.isIdle()).toBe(true);
    await worker.finish(first);
    const second = await worker.activity();
    expect(await worker.isIdle()).toBe(true);
    await worker.finish(second);
    for (const _ of ["a", "b"]) await worker.run(complete(9));
    for (const id of ["a", "b"])
      expect(await bench.state(id)).toMatchObject({ orchestrationStatus: COMPLETED });
  });

  it("rule 9: one that takes long lets the others go on, and is not blamed from then on", async () => {
    const bench = await openBench(createStore, { maxAttempts: 1 });
    await dieTwice(bench);
    await bench.die();
    const worker = bench.worker();
    await worker.activity();
    expect(await bench.store.attempts()).toContainEqual(expect.objectContaining({ alone: 1 }));
    await bench.start("b");
    await bench.pass(4000);
    // The next one waits for quiet, in vain, then the others come as well.
    expect(await worker.isIdle()).toBe(true);
    await bench.pass(1000);
    await worker.activity();
    await worker.turn();
    for (const { alone } of await bench.store.attempts()) expect(alone).toBe(0);
    await bench.die();
    const again = bench.worker();
    await again.work();
    await again.work();
  });

  it("rule 9: however often the process has died, one that takes long lets the others go on after some minutes", async () => {
    const bench = await openBench(createStore);
    await dieTwice(bench, 1);
    for (let deaths = 2; deaths < 20; deaths++) {
      await bench.die();
      await bench.worker().activity();
      // Each time it lives for longer than it is alone, and is not to blame.
      await bench.pass(300_000);
      expect(await bench.store.attempts()).toMatchObject([{ attempts: deaths + 1, alone: 0 }]);
    }
    await bench.die();
    const worker = bench.worker();
    await worker.activity();
    await bench.start("b");
    expect(await worker.isIdle()).toBe(true);
    await bench.pass(256_000);
    await worker.run(complete(1));
  });

  it("rule 9: nobody is alone for longer because the clock is set back", async () => {
    const bench = await openBench(createStore);
    await dieTwice(bench, 1);
    await bench.die();
    const worker = bench.worker();
    await worker.activity();
    await bench.start("b");
    expect(await worker.isIdle()).toBe(true);
    bench.clock.jump(-3_600_000);
    await bench.pass(4000);
    await worker.run(complete(1));
  });

  it("rule 9: however many are suspect, they do not wait for one that takes long one after the other", async () => {
    const bench = await openBench(createStore);
    await dieTwice(bench, 200);
    await bench.die();
    const worker = bench.worker();
    await worker.activity();
    await bench.pass(4000);
    await bench.pass(1000);
    for (let index = 1; index < 200; index++) await worker.activity();
    for (const { alone } of await bench.store.attempts()) expect(alone).toBe(0);
  });

  it("rule 9: suspects that are done at once cost no time, however many there are", async () => {
    const bench = await openBench(createStore);
    await dieTwice(bench, 200);
    await bench.die();
    const before = bench.clock.now();
    const worker = bench.worker();
    for (let index = 0; index < 200; index++) await worker.work();
    await worker.run(complete(999));
    expect(bench.clock.now()).toBe(before);
  });

  it("rule 9: an attempt that a failed commit ends is not one that the process died of", async () => {
    for (const fault of ["lost", "kept"] as const) {
      const bench = await openBench(createStore, { maxAttempts: 1 });
      await dieTwice(bench);
      await bench.die();
      for (let times = 0; times < 3; times++) {
        const worker = bench.worker();
        await worker.activity();
        expect(await bench.store.attempts()).toContainEqual(expect.objectContaining({ alone: 1 }));
        bench.store.faults.push(fault);
        await expect(bench.start(`b${times}`)).rejects.toMatchObject({ code: "UNAVAILABLE" });
        await bench.pass(0);
        const after = await bench.store.attempts();
        expect(after.map(({ attempts, alone }) => [attempts, alone])).toEqual([
          [2, 0],
          [2, 0],
        ]);
      }
      const worker = bench.worker();
      const calls = [await worker.work(), await worker.work()];
      expect(new Set(calls.map(({ request }) => request.taskId))).toEqual(new Set([1, 2]));
      await bench.close();
    }
  });

  it("rule 9: what a worker gives back or abandons is no attempt", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.worker().run(schedule(1));
    await bench.die();
    for (let times = 0; times < 5; times++) {
      const worker = bench.worker();
      await worker.abandon(await worker.activity());
      await bench.pass(30_000);
      await worker.activity();
      await worker.close();
    }
    await settle();
    for (const { attempts, alone } of await bench.store.attempts())
      expect([attempts, alone]).toEqual([0, 0]);
    await bench.die();
    await bench.worker().activity();
    expect(await bench.store.attempts()).toMatchObject([{ attempts: 1 }]);
    await bench.reopen();
    // A clean end is no death either.
    expect(await bench.store.attempts()).toEqual([]);
  });

  it("rule 9: what was to run alone, and whose worker leaves before it is handed out, stands in nobody's way", async () => {
    const bench = await openBench(createStore);
    await dieTwice(bench);
    await bench.die();
    const gate = Promise.withResolvers<void>();
    bench.store.gate = gate.promise;
    const short = bench.worker();
    expect(await short.isIdle()).toBe(true);
    await short.close();
    bench.store.gate = undefined;
    gate.resolve();
    await bench.start("b", { name: "other" });
    const request = { workItemFilters: { orchestrations: [{ name: "other" }] } };
    await bench.worker({ request }).run(complete(1));
    for (const { alone } of await bench.store.attempts()) expect(alone).toBe(0);
  });

  it("rule 9: what no connected worker takes stands in nobody's way", async () => {
    const bench = await openBench(createStore);
    await dieTwice(bench);
    await bench.die();
    await bench.start("b", { name: "other" });
    const request = {
      workItemFilters: { orchestrations: [{ name: "other" }], activities: [{ name: "other" }] },
    };
    await bench.worker({ request }).run(complete(1));
    // One that leaves takes nothing with it.
    const short = bench.worker();
    await short.activity();
    await short.close();
    const worker = bench.worker();
    await worker.work();
    await worker.work();
    await worker.run(complete(3));
    expect(bench.hub.stats()).toMatchObject({ liveInstances: 0 });
  });

  it("rule 9: terminating what runs alone sets the others free", async () => {
    const bench = await openBench(createStore);
    await dieTwice(bench);
    await bench.die();
    const worker = bench.worker();
    const call = await worker.activity();
    await bench.start("b");
    await bench.service.terminateInstance({ instanceId: "a" });
    await worker.run(complete(1));
    await worker.finish(call);
    expect(await bench.store.attempts()).toEqual([]);
  });
}

/** Takes all that it is given and does it, unless that is poison. True if it died of it. */
async function live(worker: ScriptedWorker): Promise<boolean> {
  const good = [];
  while (!(await worker.isIdle())) {
    const { request, completionToken: token } = await worker.next();
    if (request.case === "activityRequest") {
      // What dies takes its neighbours with it, before they have finished.
      if (request.value.name === "poison") return true;
      good.push({ token, request: request.value });
      // Alone, it has all the time it needs.
      if (await worker.isIdle()) for (const call of good.splice(0)) await worker.finish(call);
    } else if (request.case === "orchestratorRequest") {
      const { pastEvents, newEvents } = request.value;
      const done = eventNames([...pastEvents, ...newEvents]).filter((name) =>
        /^task(?:Completed|Failed)$/u.test(name),
      );
      const actions = done.length === 3 ? [complete(9)] : [];
      await worker.answer({ token, request: request.value }, actions);
    }
  }
  return false;
}

/** Activities of "a" that were open at two deaths after the first. */
async function dieTwice(bench: HubBench, count = 2): Promise<void> {
  await bench.start("a");
  await bench.worker().run(...Array.from({ length: count }, (_, index) => schedule(index + 1)));
  for (let deaths = 0; deaths < 2; deaths++) {
    await bench.die();
    const worker = bench.worker();
    for (let index = 0; index < count; index++) await worker.activity();
  }
}
