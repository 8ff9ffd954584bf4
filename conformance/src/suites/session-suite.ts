import { expect, it } from "vitest";
import { complete, continueAsNew, schedule } from "../actions.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import type { Turn } from "../scripted-worker.ts";
import { eventNames } from "../scripted-worker.ts";
import { settle } from "../settle.ts";

export function describeSessions(createStore: CreateStore): void {
  it("sends only what is new to the worker that ran the last turn, marked by that turn's token", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker({ hasSessions: true });
    const first = await worker.run(schedule(1));
    expect(propertiesOf(first)).toMatchObject({ IsExtendedSession: true, IncludeState: true });
    await worker.work();
    const second = await worker.run(complete(2));
    expect(second.request.pastEvents).toEqual([]);
    expect(eventNames(second.request.newEvents)).toEqual(["orchestratorStarted", "taskCompleted"]);
    expect(propertiesOf(second)).toEqual({
      IsExtendedSession: true,
      IncludeState: false,
      ExtendedSessionIdleTimeoutInSeconds: 60,
      HistoryMark: first.token,
    });
  });

  it("says nothing of sessions to a worker that did not ask", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(schedule(1));
    await worker.work();
    const turn = await worker.turn();
    expect(turn.request.properties).toEqual({});
    expect(turn.request.pastEvents).toHaveLength(3);
  });

  it("sends the whole history when the worker has lost the session, at once", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker({ hasSessions: true });
    await worker.run(schedule(1));
    await worker.work();
    await worker.answer(await worker.turn(), [], { requiresHistory: true });
    const again = await worker.run(complete(2));
    expect(again.request.pastEvents).toHaveLength(3);
    expect(eventNames(again.request.newEvents)).toEqual(["orchestratorStarted", "taskCompleted"]);
  });

  it("does not spin when a worker asks for more than everything", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker({ hasSessions: true });
    await worker.answer(await worker.turn(), [], { requiresHistory: true });
    expect(await worker.isIdle()).toBe(true);
    await bench.pass(1000);
    await worker.run(complete(1));
  });

  it("sends the whole history to another worker, when the first one is gone", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker({ hasSessions: true });
    await worker.run(schedule(1));
    await worker.work();
    await worker.close();
    const other = bench.worker({ hasSessions: true });
    const turn = await other.turn();
    expect(turn.request.pastEvents).toHaveLength(3);
    expect(propertiesOf(turn)).toMatchObject({ IncludeState: true });
  });

  it("prefers the worker that has the session, but does not wait for it", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker({ hasSessions: true });
    const other = bench.worker({ hasSessions: true });
    await worker.run(schedule(1));
    const call = await worker.activity();
    other.ask();
    worker.ask();
    await settle();
    await worker.finish(call);
    const turn = await worker.turn();
    expect(propertiesOf(turn)).toMatchObject({ IncludeState: false });
    await worker.answer(turn, [schedule(2)]);
    // The activity goes to the one that waits longer.
    await other.work();
    // Now the first one does not come back for more.
    await settle();
    other.ask();
    await settle();
    expect(propertiesOf(await other.turn())).toMatchObject({ IncludeState: true });
  });

  it("a new generation has no session", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker({ hasSessions: true });
    await worker.run(continueAsNew(1));
    expect(propertiesOf(await worker.turn())).toMatchObject({ IncludeState: true });
  });

  it("tokens are never the same for two pasts", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const tokens = new Set<string>();
    for (let opening = 0; opening < 5; opening++) {
      tokens.add((await bench.worker({ hasSessions: true }).turn()).token);
      await bench.reopen();
    }
    expect(tokens.size).toBe(5);
  });
}

function propertiesOf(turn: Turn): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(turn.request.properties).map(([name, { kind }]) => [name, kind.value]),
  );
}
