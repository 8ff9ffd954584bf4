import { expect, it } from "vitest";
import { child, complete, schedule, timer } from "../actions.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { eventNames } from "../scripted-worker.ts";

export function describeHistory(createStore: CreateStore): void {
  it("rule 11: history is ordered as the scheduler orders it", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(schedule(1));
    await worker.work();
    await worker.run(timer(2, bench.clock.now() + 1000));
    await bench.pass(1000);
    await worker.run(child(3, "kid"));
    await worker.run(complete(1));
    await worker.run(complete(4));
    const expected = [
      "orchestratorStarted",
      "executionStarted",
      "taskScheduled",
      "orchestratorStarted",
      "taskCompleted",
      "timerCreated",
      "orchestratorStarted",
      "timerFired",
      "subOrchestrationInstanceCreated",
      "orchestratorStarted",
      "subOrchestrationInstanceCompleted",
      "executionCompleted",
    ];
    const history = await bench.history("a");
    expect(eventNames(history)).toEqual(expected);
    expect(history.map(({ eventId }) => eventId)).toEqual([
      -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4,
    ]);
    await bench.reopen();
    expect(await bench.history("a")).toEqual(history);
  });

  it("rule 11: asking for the history of nothing gives nothing", async () => {
    const bench = await openBench(createStore);
    expect(await bench.history("nobody")).toEqual([]);
  });

  it("gives the history of the execution that is asked for only", async () => {
    const bench = await openBench(createStore);
    await bench.start("a", { executionId: "e1" });
    await bench.worker().run(complete(1));
    const read = async (executionId: string) => {
      const events = [];
      const request = { instanceId: "a", executionId };
      for await (const chunk of bench.service.streamInstanceHistory(request))
        events.push(...chunk.events);
      return events.length;
    };
    expect([await read("e1"), await read("e2")]).toEqual([3, 0]);
  });

  it("sends a long history in chunks, and the same one to a worker", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(...Array.from({ length: 1200 }, (_, index) => schedule(index + 1)));
    const chunks = [];
    for await (const chunk of bench.service.streamInstanceHistory({ instanceId: "a" }))
      chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(1);
    await bench.service.raiseEvent({ instanceId: "a", name: "x" });
    let item = await worker.next();
    while (item.request.case !== "orchestratorRequest") item = await worker.next();
    expect(item.request.value.pastEvents).toEqual(chunks.flatMap(({ events }) => events));
  });

  it.each([10, 1])("reads histories beyond %d events from the store", async (maxHistoryEvents) => {
    const bench = await openBench(createStore, { maxHistoryEvents });
    const ids = ["a", "b", "c", "d"];
    const worker = bench.worker();
    for (const id of ids) {
      await bench.start(id);
      await worker.run(schedule(1), schedule(2), schedule(3));
    }
    // The newest one stays, however long it is.
    expect(bench.hub.stats().historyEvents).toBeLessThanOrEqual(10);
    for (let index = 0; index < ids.length * 3; index++) await worker.work();
    for (const _ of ids) {
      const turn = await worker.run(complete(4));
      expect(eventNames(turn.request.pastEvents).slice(0, 5)).toEqual([
        "orchestratorStarted",
        "executionStarted",
        "taskScheduled",
        "taskScheduled",
        "taskScheduled",
      ]);
    }
    for (const id of ids)
      expect(eventNames(await bench.history(id)).at(-1)).toBe("executionCompleted");
  });
}
