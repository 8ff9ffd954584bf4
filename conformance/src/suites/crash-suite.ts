import { OrchestrationStatus } from "@durabletask/protobuf";
import { isReadyIterator } from "@durabletask/core";
import { VirtualClock } from "@durabletask/core/spi";
import { assert, expect, it } from "vitest";
import { child, complete, continueAsNew, schedule, timer } from "../actions.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { eventNames } from "../scripted-worker.ts";
import { settle } from "../settle.ts";

const { COMPLETED, RUNNING } = OrchestrationStatus;

/** A bench whose clock fails once when it is told to. */
async function openWithFaultyClock(createStore: CreateStore) {
  const time = new VirtualClock();
  let breaksOff = false;
  const now = () => {
    if (!breaksOff) return time.now();
    breaksOff = false;
    throw new Error("injected: no time");
  };
  const schedule = (callback: () => void, ms: number) => time.schedule(callback, ms);
  const bench = await openBench(createStore, { clock: { now, schedule } });
  return { bench, time, breakOff: () => (breaksOff = true) };
}

export function describeCrashes(createStore: CreateStore): void {
  it("a failed commit refuses its callers with UNAVAILABLE, ends all streams and heals", async () => {
    const bench = await openBench(createStore);
    await bench.start("before");
    const worker = bench.worker();
    await worker.turn();
    bench.store.faults.push("lost");
    const calls = await Promise.allSettled([
      bench.service.waitForInstanceCompletion({ instanceId: "before" }),
      bench.start("lost"),
    ]);
    const unavailable = { status: "rejected", reason: { code: "UNAVAILABLE" } };
    expect(calls).toMatchObject([unavailable, unavailable]);
    await expect(worker.pull()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await settle();
    expect(await bench.exists("lost")).toBe(false);
    const again = bench.worker();
    expect((await again.run(complete(1))).request.instanceId).toBe("before");
    await bench.start("lost");
    await again.run(complete(1));
    expect(await bench.state("lost")).toMatchObject({ orchestrationStatus: COMPLETED });
  });

  it("a command that breaks off is a crash too", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    const turn = await worker.turn();
    bench.lacksIds = true;
    const answered = worker.answer(turn, [schedule(1), continueAsNew(2)]);
    await expect(answered).rejects.toMatchObject({ code: "UNAVAILABLE" });
    bench.lacksIds = false;
    await bench.pass(1000);
    const again = bench.worker();
    expect(await again.run(complete(1, "whole"))).toMatchObject({ request: { pastEvents: [] } });
    expect(await again.isIdle()).toBe(true);
    expect(await bench.state("a")).toMatchObject({ output: "whole" });
  });

  it("a command that breaks off is a crash, too, if its caller has given up meanwhile", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.worker().run(complete(1));
    const gate = Promise.withResolvers<void>();
    bench.store.findGate = gate.promise;
    const giveUp = new AbortController();
    const { signal } = giveUp;
    const restarted = bench.service.restartInstance({ instanceId: "a" }, { signal });
    await settle();
    giveUp.abort(new Error("enough"));
    bench.lacksIds = true;
    gate.resolve();
    await expect(restarted).rejects.toMatchObject({ code: "UNAVAILABLE" });
    bench.lacksIds = false;
    await bench.pass(1000);
    expect(bench.store.openings).toBeGreaterThan(1);
  });

  it.each([
    ["whoever asks", 0, "next"],
    ["whoever takes what is ready", 0, "ready"],
    ["whoever waits for the event loop to come round", 10, "next"],
  ] as const)("handing out that breaks off is a crash too, for %s", async (_, busyMs, ask) => {
    const { bench, time, breakOff } = await openWithFaultyClock(createStore);
    await bench.start("a");
    await bench.start("b");
    const stream = bench.service.getWorkItems({})[Symbol.asyncIterator]();
    assert(isReadyIterator(stream));
    await stream.next();
    time.advance(busyMs);
    if (busyMs === 0) breakOff();
    if (ask === "ready") stream.ready();
    const next = stream.next();
    if (busyMs > 0) breakOff();
    await expect(next).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await settle();
    const again = bench.worker();
    const turns = [await again.run(complete(1)), await again.run(complete(1))];
    expect(turns.map(({ request }) => request.instanceId)).toEqual(["a", "b"]);
  });

  it("taking back what a worker leaves is a crash too where it breaks off", async () => {
    const { bench, breakOff } = await openWithFaultyClock(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.turn();
    const other = bench.worker();
    other.ask();
    breakOff();
    await worker.close();
    await expect(other.pull()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await settle();
    expect((await bench.worker().run(complete(1))).request.instanceId).toBe("a");
  });

  it("a fence is committed before anything else, so that no lost row can come back", async () => {
    const bench = await openBench(createStore);
    expect(bench.store.fences).toHaveLength(1);
    bench.store.faults.push("lost");
    await expect(bench.start("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await settle();
    expect(new Set(bench.store.fences).size).toBe(2);
    expect(bench.store.batches).toEqual([]);
  });

  it("a commit that failed only in its answer is found again", async () => {
    const bench = await openBench(createStore);
    bench.store.faults.push("kept");
    await expect(bench.start("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await settle();
    expect(await bench.exists("a")).toBe(true);
    const worker = bench.worker();
    await worker.run(complete(1));
    expect(await bench.state("a")).toMatchObject({ orchestrationStatus: COMPLETED });
  });

  it("turns that ran ahead of a failed commit never happened", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker({ hasSessions: true });
    const turn = await worker.turn();
    bench.store.faults.push("lost");
    await expect(worker.answer(turn, [schedule(1)])).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await settle();
    const again = bench.worker({ hasSessions: true });
    const second = await again.turn();
    expect(eventNames(second.request.newEvents)).toEqual([
      "orchestratorStarted",
      "executionStarted",
    ]);
    // A completion from before the crash changes nothing.
    await again.answer(turn, [complete(1, "stale")]);
    await again.answer(second, [schedule(1)]);
    expect(await bench.state("a")).toMatchObject({ orchestrationStatus: RUNNING });
    expect((await again.activity()).request.taskId).toBe(1);
  });

  it("answers UNAVAILABLE while the disk is away, and tries again until it is back", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    bench.store.isDown = true;
    await expect(bench.start("b")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    for (let attempt = 0; attempt < 10; attempt++) {
      await bench.pass(10_000);
      await expect(bench.exists("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await expect(bench.worker().pull()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }
    bench.store.isDown = false;
    await bench.pass(10_000);
    expect(await bench.exists("a")).toBe(true);
    expect(await bench.exists("b")).toBe(false);
  });

  it("a close whose last commit fails ends, and says so", async () => {
    for (const rounds of [0, 1, 2]) {
      const bench = await openBench(createStore);
      await bench.start("a");
      bench.store.faults.push("lost");
      const started = bench.start("b").catch((error: unknown) => error);
      await settle(rounds);
      const [closed] = await Promise.allSettled([bench.close()]);
      expect(await started).toMatchObject({ code: "UNAVAILABLE" });
      expect(["fulfilled", "rejected"]).toContain(closed.status);
      await bench.open();
      expect(await bench.exists("a")).toBe(true);
      expect(await bench.exists("b")).toBe(false);
    }
  });

  it("does not spin when the store opens but no commit succeeds", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.worker().run(timer(1, bench.clock.now() + 1000));
    bench.store.faults.push(...Array.from({ length: 1000 }, () => "lost" as const));
    await bench.pass(1000);
    await settle(100);
    expect(bench.store.fences.length).toBeLessThan(5);
    bench.store.faults.length = 0;
    await bench.pass(10_000);
    await bench.pass(0);
    const { newEvents } = (await bench.worker().turn()).request;
    expect(eventNames(newEvents)).toContain("timerFired");
  });

  it("loses nothing and repeats nothing whichever commit fails, and however", async () => {
    for (const fault of ["lost", "kept"] as const) {
      for (let nth = 0; nth < 14; nth++) await crashAt(nth, fault);
    }
    async function crashAt(nth: number, fault: "lost" | "kept"): Promise<void> {
      const bench = await openBench(createStore);
      await bench.start("a");
      const commits = bench.store.batches.length;
      let isArmed = true;
      for (let rounds = 0; rounds < 200; rounds++) {
        if (isArmed && bench.store.batches.length >= commits + nth) {
          bench.store.faults.push(fault);
          isArmed = false;
        }
        await step(bench);
        await bench.pass(1000);
        if ((await bench.state("a")).orchestrationStatus === COMPLETED) break;
      }
      expect(await bench.state("a")).toMatchObject({ output: "3" });
      const names = eventNames(await bench.history("a"));
      expect(names.filter((name) => name === "executionCompleted")).toHaveLength(1);
      expect(names.filter((name) => name === "taskCompleted")).toHaveLength(2);
      expect(names.filter((name) => name === "timerFired")).toHaveLength(1);
      expect(names.filter((name) => name === "subOrchestrationInstanceCompleted")).toHaveLength(1);
      await bench.close();
    }
  });

  async function step(bench: Awaited<ReturnType<typeof openBench>>): Promise<void> {
    const worker = bench.worker();
    while (!(await worker.isIdle())) {
      const { request, completionToken: token } = await worker.next();
      const answered =
        request.case === "activityRequest"
          ? worker.finish({ token, request: request.value }, "1")
          : request.case === "orchestratorRequest"
            ? worker.answer(
                { token, request: request.value },
                decide(bench.clock.now(), request.value),
              )
            : undefined;
      if (
        await answered?.then(
          () => false,
          () => true,
        )
      )
        break;
    }
    await worker.close();
  }

  type Request = Parameters<
    ReturnType<Awaited<ReturnType<typeof openBench>>["worker"]>["answer"]
  >[0]["request"];

  /** Two activities, then a timer, then a child. */
  function decide(now: number, { instanceId, pastEvents, newEvents }: Request) {
    if (instanceId !== "a") return [complete(1, "1")];
    const names = eventNames([...pastEvents, ...newEvents]);
    const has = (name: string) => names.includes(name);
    if (has("subOrchestrationInstanceCompleted")) return [complete(5, "3")];
    if (has("subOrchestrationInstanceCreated")) return [];
    if (has("timerFired")) return [child(4, "kid")];
    if (has("timerCreated")) return [];
    if (names.filter((name) => name === "taskCompleted").length === 2) return [timer(3, now + 500)];
    return has("taskScheduled") ? [] : [schedule(1), schedule(2)];
  }
}
