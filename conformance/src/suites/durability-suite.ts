import { OrchestrationStatus } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { complete, continueAsNew, fail, schedule, timer } from "../actions.ts";
import type { CreateStore, HubBench } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { eventNames } from "../scripted-worker.ts";
import { settle } from "../settle.ts";

const { RUNNING, TERMINATED } = OrchestrationStatus;

/** What is done while no commit gets through, and what is asked then. */
interface Scene {
  readonly cause: () => Promise<unknown>;
  readonly calls: Readonly<Record<string, () => Promise<unknown>>>;
}

const scenes: Readonly<Record<string, (bench: HubBench) => Promise<Scene>>> = {
  "a start": async (bench) => ({
    cause: () => bench.start("a", { executionId: "one" }),
    calls: {
      "another start": () => bench.start("a"),
      "the same start": () => bench.start("a", { executionId: "one" }),
      "a restart": () => bench.service.restartInstance({ instanceId: "a" }),
      "a rewind": () => bench.service.rewindInstance({ instanceId: "a" }),
      ...readsOf(bench),
      ...signalsOf(bench),
    },
  }),
  "the end of an instance": async (bench) => {
    await bench.start("a");
    const worker = bench.worker();
    const turn = await worker.turn();
    return {
      cause: () => worker.answer(turn, [schedule(1), fail(2)]),
      calls: {
        "its completion again": () => worker.answer(turn, [complete(2)]),
        "its completion again, without a token": () =>
          worker.answer(turn, [complete(2)], { completionToken: "" }),
        "a start that may not replace it": () =>
          bench.start("a", {
            orchestrationIdReusePolicy: { replaceableStatus: [RUNNING, TERMINATED] },
          }),
        "a wait for its end": () => bench.service.waitForInstanceCompletion({ instanceId: "a" }),
        "a rewind": () => bench.service.rewindInstance({ instanceId: "a" }),
        ...readsOf(bench),
        ...signalsOf(bench),
      },
    };
  },
  "a termination": async (bench) => {
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(schedule(1));
    const call = await worker.activity();
    await bench.service.raiseEvent({ instanceId: "a", name: "x" });
    const turn = await worker.turn();
    return {
      cause: () => bench.service.terminateInstance({ instanceId: "a" }),
      calls: {
        "the completion of its turn": () => worker.answer(turn, [complete(2)]),
        "the completion of its activity": () => worker.finish(call, "r"),
        "an abandonment of its turn": () => worker.abandon(turn),
        "an abandonment of its activity": () => worker.abandon(call),
      },
    };
  },
  "a result": async (bench) => {
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(schedule(1));
    const call = await worker.activity();
    return {
      cause: () => worker.finish(call, "r"),
      calls: {
        "the result again": () => worker.finish(call, "r"),
        "the result again, without a token": () =>
          worker.finish(call, "r", { completionToken: "" }),
      },
    };
  },
  "a result that nobody waits for": async (bench) => {
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(schedule(1), complete(2));
    const call = await worker.activity();
    return {
      cause: () => worker.finish(call, "r"),
      calls: { "the result again": () => worker.finish(call, "r") },
    };
  },
  "a suspension": async (bench) => {
    await bench.start("a");
    return {
      cause: () => bench.service.suspendInstance({ instanceId: "a" }),
      calls: { "another one": () => bench.service.suspendInstance({ instanceId: "a" }) },
    };
  },
};

function readsOf(bench: HubBench): Scene["calls"] {
  return {
    "a read": () => bench.state("a"),
    "a read of its history": () => bench.history("a"),
    "a query": () => bench.service.queryInstances({}),
    "a list of ended instances": () => bench.service.listInstanceIds({}),
    "a purge": () => bench.service.purgeInstances({ request: { case: "instanceId", value: "a" } }),
    "a purge by filter": () =>
      bench.service.purgeInstances({ request: { case: "purgeInstanceFilter", value: {} } }),
  };
}

function signalsOf(bench: HubBench): Scene["calls"] {
  const instanceId = "a";
  return {
    "an event": () => bench.service.raiseEvent({ instanceId, name: "x" }),
    "a suspension": () => bench.service.suspendInstance({ instanceId }),
    "a resumption": () => bench.service.resumeInstance({ instanceId }),
    "a termination": () => bench.service.terminateInstance({ instanceId }),
    "a batch of terminations": () =>
      bench.service.skipGracefulOrchestrationTerminations({
        instanceBatch: { instanceIds: ["a"] },
      }),
  };
}

/** Keeps commits from the disk until it is called. */
function holdCommits(bench: HubBench): () => void {
  const gate = Promise.withResolvers<void>();
  bench.store.gate = gate.promise;
  return () => {
    bench.store.gate = undefined;
    gate.resolve();
  };
}

export function describeDurability(createStore: CreateStore): void {
  it.each(Object.keys(scenes))("nobody hears of %s before it is on disk", async (name) => {
    const build = scenes[name];
    if (!build) throw new Error("unreachable");
    const bench = await openBench(createStore);
    const calls = Object.keys((await build(bench)).calls);
    await bench.close();
    for (const call of calls) await expectHeld(build, call);
  });

  async function expectHeld(build: (bench: HubBench) => Promise<Scene>, name: string) {
    // With the commit of the cause under way, and while it waits for another one.
    for (const isUnderWay of [true, false]) {
      const bench = await openBench(createStore);
      const scene = await build(bench);
      const release = holdCommits(bench);
      if (!isUnderWay) void outcome(bench.start("other"));
      await settle();
      const caused = outcome(scene.cause());
      await settle();
      let isAnswered = false;
      const answer = outcome(scene.calls[name]?.()).finally(() => (isAnswered = true));
      await settle();
      const wasAnswered = isAnswered;
      bench.store.faults.push("lost", "lost");
      release();
      expect({ name, wasAnswered }).toEqual({ name, wasAnswered: false });
      expect({ name, code: await answer }).toEqual({ name, code: "UNAVAILABLE" });
      expect(await caused).toBe("UNAVAILABLE");
      await bench.close();
    }
  }

  it("a refusal says what is on disk once it is there", async () => {
    const bench = await openBench(createStore);
    const release = holdCommits(bench);
    const first = bench.start("a");
    const second = outcome(bench.start("a"));
    await settle();
    release();
    await first;
    expect(await second).toBe("ALREADY_EXISTS");
  });

  it("a restart that is refused because of a start meanwhile waits for that start", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.worker().run(complete(1));
    const reading = Promise.withResolvers<void>();
    bench.store.findGate = reading.promise;
    const restarted = outcome(bench.service.restartInstance({ instanceId: "a" }));
    await settle();
    bench.store.findGate = undefined;
    const release = holdCommits(bench);
    const started = outcome(bench.start("a"));
    await settle();
    let isAnswered = false;
    void restarted.finally(() => (isAnswered = true));
    reading.resolve();
    await settle();
    const wasAnswered = isAnswered;
    bench.store.faults.push("lost");
    release();
    expect(wasAnswered).toBe(false);
    expect([await started, await restarted]).toEqual(["UNAVAILABLE", "UNAVAILABLE"]);
  });

  it("a read that a failed commit overtakes answers nothing", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.worker().run(complete(1));
    const reading = Promise.withResolvers<void>();
    bench.store.findGate = reading.promise;
    const calls = [
      bench.exists("a"),
      bench.exists("nobody"),
      bench.service.raiseEvent({ instanceId: "a", name: "x" }),
      bench.service.raiseEvent({ instanceId: "nobody", name: "x" }),
    ].map(outcome);
    await settle();
    bench.store.faults.push("kept");
    expect(await outcome(bench.start("b"))).toBe("UNAVAILABLE");
    bench.store.findGate = undefined;
    reading.resolve();
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["UNAVAILABLE"]));
  });

  it("a close waits for the commit under way, then commits the rest, then the fence", async () => {
    const bench = await openBench(createStore);
    bench.store.isSlow = true;
    const worker = bench.worker();
    await bench.start("a");
    const turn = await worker.turn();
    const release = holdCommits(bench);
    const started = bench.start("b");
    await settle();
    // This one belongs to the next batch.
    const answered = worker.answer(turn, [schedule(1)]);
    let isClosed = false;
    const closing = bench.hub.close().finally(() => (isClosed = true));
    const again = bench.hub.close();
    await settle();
    expect(isClosed).toBe(false);
    release();
    await Promise.all([started, answered, closing, again]);
    expect(bench.store.mostAtOnce).toBe(1);
    expect(bench.store.order.slice(-3)).toEqual(["batch", "batch", "fence"]);
    expect(bench.store.fences.at(-1)).toBe("clean");
  });

  it("nothing begins once a close has begun, whatever was being read, was due or was to run alone", async () => {
    const bench = await openBench(createStore);
    bench.store.isSlow = true;
    await bench.start("a");
    await bench.worker().run(timer(1, bench.clock.now() + 1000));
    const reading = Promise.withResolvers<void>();
    bench.store.findGate = reading.promise;
    const late = outcome(bench.start("late", { executionId: "one" }));
    const release = holdCommits(bench);
    const started = bench.start("b");
    await settle();
    const closing = bench.hub.close();
    bench.store.findGate = undefined;
    reading.resolve();
    bench.clock.advance(1000);
    await settle();
    release();
    await Promise.all([started, closing]);
    expect(await late).toBe("FAILED_PRECONDITION");
    expect(bench.store.mostAtOnce).toBe(1);
    expect(bench.store.order.at(-1)).toBe("fence");
    await bench.open();
    expect([await bench.exists("b"), await bench.exists("late")]).toEqual([true, false]);
  });

  it("emptying waits for what is under way, and commits one batch at a time", async () => {
    const bench = await openBench(createStore);
    bench.store.isSlow = true;
    const release = holdCommits(bench);
    const started = bench.start("a");
    await settle();
    const next = bench.start("b");
    const emptied = [bench.service.deleteTaskHub({}), bench.service.deleteTaskHub({})];
    const late = outcome(bench.start("c"));
    await settle();
    release();
    await Promise.all([started, next, ...emptied]);
    expect(["UNAVAILABLE", undefined]).toContain(await late);
    expect(bench.store.mostAtOnce).toBe(1);
    expect([await bench.exists("a"), await bench.exists("b")]).toEqual([false, false]);
  });

  it("opens the store again only once the commit under way has come to its end", async () => {
    const bench = await openBench(createStore);
    const release = holdCommits(bench);
    const started = outcome(bench.start("a"));
    await settle();
    bench.lacksIds = true;
    expect(await outcome(bench.start("b"))).toBe("UNAVAILABLE");
    bench.lacksIds = false;
    await settle();
    expect(bench.store.openings).toBe(1);
    release();
    expect(await started).toBe("UNAVAILABLE");
    await settle();
    expect(bench.store.openings).toBe(2);
    expect(bench.store.mostAtOnce).toBe(1);
    expect(await bench.exists("a")).toBe(true);
  });

  it("a history that is replaced while it is read is read again", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(schedule(1));
    await worker.work();
    const turn = await worker.turn();
    const reading = Promise.withResolvers<void>();
    bench.store.findGate = reading.promise;
    const history = bench.history("a");
    await settle();
    bench.store.findGate = undefined;
    await worker.answer(turn, [continueAsNew(2)]);
    await worker.run(complete(3));
    reading.resolve();
    expect(eventNames(await history)).toEqual([
      "orchestratorStarted",
      "executionStarted",
      "executionCompleted",
    ]);
  });
}

/** The code of the error, if one came. */
async function outcome(call: Promise<unknown> | undefined): Promise<unknown> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}
