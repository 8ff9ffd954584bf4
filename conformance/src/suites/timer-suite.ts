import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { HistoryEvent } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { complete, schedule, timer } from "../actions.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { eventNames } from "../scripted-worker.ts";

export function describeTimers(createStore: CreateStore): void {
  it("fires a timer, also over a reopening", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.worker().run(timer(1, bench.clock.now() + 45_000));
    await bench.pass(20_000);
    await bench.reopen();
    const worker = bench.worker();
    await bench.pass(24_999);
    expect(await worker.isIdle()).toBe(true);
    await bench.pass(1);
    const turn = await worker.run(complete(2));
    expect(eventNames(turn.request.newEvents)).toEqual(["orchestratorStarted", "timerFired"]);
  });

  it("fires at once a timer that was due while nobody had the hub open", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.worker().run(timer(1, bench.clock.now() + 1000));
    await bench.close();
    bench.clock.advance(3_600_000);
    await bench.open();
    const worker = bench.worker();
    await bench.pass(0);
    expect(eventNames((await worker.turn()).request.newEvents)).toContain("timerFired");
  });

  it("rule 19: a timer never fires before its instant, fractions of a millisecond included", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    const now = bench.clock.now();
    const action = timer(1, now + 10);
    if (action.orchestratorActionType.case !== "createTimer") throw new Error("unreachable");
    const fireAt = { ...timestampFromMs(now + 10), nanos: timestampFromMs(now + 10).nanos + 1 };
    action.orchestratorActionType.value.fireAt = fireAt;
    await worker.run(action);
    await bench.pass(10);
    expect(await worker.isIdle()).toBe(true);
    await bench.pass(1);
    const { newEvents } = (await worker.turn()).request;
    expect(newEvents[1]?.eventType).toMatchObject({
      case: "timerFired",
      value: { timerId: 1, fireAt },
    });
    expect(timestampMs(newEvents[0]?.timestamp ?? fireAt)).toBeGreaterThanOrEqual(
      timestampMs(fireAt),
    );
  });

  it("rule 19: clocks may jump both ways, and are looked at every 30 s", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(timer(1, bench.clock.now() + 3_600_000));
    await bench.pass(0);
    bench.clock.jump(3_600_000);
    await bench.pass(30_000);
    const turn = await worker.turn();
    expect(eventNames(turn.request.newEvents)).toContain("timerFired");
    bench.clock.jump(-7_200_000);
    await worker.answer(turn, [timer(2, bench.clock.now() + 60_000)]);
    await bench.pass(59_000);
    expect(await worker.isIdle()).toBe(true);
    await bench.pass(1000);
    await worker.run(complete(3));
    expectAscending(await bench.history("a"));
  });

  it("rule 19: what takes a while takes no longer where the clock is set back meanwhile", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.abandon(await worker.turn());
    bench.clock.jump(-3_600_000);
    await bench.pass(1000);
    await worker.turn();
    await worker.close();
    // A connection that is lost.
    const connection = new AbortController();
    await bench.worker({ signal: connection.signal }).turn();
    connection.abort(new Error("cut"));
    bench.clock.jump(-3_600_000);
    await bench.pass(5000);
    // One that is closed as soon as it has the turn, for the second time.
    const short = bench.worker();
    await short.turn();
    await short.close();
    const idle = bench.worker();
    expect(await idle.isIdle()).toBe(true);
    bench.clock.jump(-3_600_000);
    await bench.pass(1000);
    await idle.run(complete(1));
    expectAscending(await bench.history("a"));
  });

  it("rule 19: instants in one history never decrease", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    bench.clock.jump(-5000);
    const first = await worker.turn();
    bench.clock.jump(-5000);
    await bench.service.raiseEvent({ instanceId: "a", name: "x" });
    await worker.answer(first, [schedule(1)]);
    await worker.run();
    bench.clock.jump(2000);
    await worker.work();
    bench.clock.jump(-60_000);
    await bench.reopen();
    await bench.worker().run(complete(2));
    expectAscending(await bench.history("a"));
  });

  it("fires thousands of timers in order of their instants", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    const now = bench.clock.now();
    const delays = Array.from({ length: 3000 }, (_, index) => ((index * 7919) % 3000) + 1);
    await worker.run(...delays.map((delay, index) => timer(index + 1, now + delay)));
    const fired: number[] = [];
    while (fired.length < delays.length) {
      await bench.pass(500);
      const turn = await worker.turn();
      for (const { eventType } of turn.request.newEvents) {
        if (eventType.case === "timerFired") fired.push(delays[eventType.value.timerId - 1] ?? 0);
      }
      await worker.answer(turn, []);
    }
    expect(fired).toEqual(fired.toSorted((a, b) => a - b));
  });
}

function expectAscending(history: readonly HistoryEvent[]): void {
  const instants = history.map(({ timestamp }) => timestamp && timestampMs(timestamp));
  expect(instants).not.toContain(undefined);
  expect(instants).toEqual(instants.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
}
