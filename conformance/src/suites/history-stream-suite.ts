import { toBinary } from "@bufbuild/protobuf";
import type { EmbeddedTaskHubOptions } from "@durabletask/backend";
import type { HistoryChunk, HistoryEvent, OrchestratorRequest } from "@durabletask/protobuf";
import { HistoryChunkSchema, WorkerCapability } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { complete, continueAsNew, schedule } from "../actions.ts";
import type { CreateStore, HubBench } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { eventNames } from "../scripted-worker.ts";

const capable = { request: { capabilities: [WorkerCapability.HISTORY_STREAMING] } };

/** An instance "a" whose next turn is ready, with a past of so many activities. */
async function openLong(
  createStore: CreateStore,
  activities: number,
  resultLength: number,
  options: EmbeddedTaskHubOptions = {},
): Promise<HubBench> {
  const bench = await openBench(createStore, options);
  await bench.start("a");
  const worker = bench.worker();
  await worker.run(...Array.from({ length: activities }, (_, index) => schedule(index + 1)));
  const results = [];
  for (let index = 0; index < activities; index++) {
    results.push(worker.finish(await worker.activity(), "x".repeat(resultLength)));
  }
  await Promise.all(results);
  // One turn may have begun before all results were there.
  while (!(await worker.isIdle())) await worker.run();
  await worker.close();
  await bench.service.raiseEvent({ instanceId: "a", name: "now" });
  return bench;
}

async function readPast(bench: HubBench, request: OrchestratorRequest): Promise<HistoryChunk[]> {
  const chunks: HistoryChunk[] = [];
  const { instanceId, executionId } = request;
  const past = { instanceId, executionId, forWorkItemProcessing: true };
  for await (const chunk of bench.service.streamInstanceHistory(past)) chunks.push(chunk);
  return chunks;
}

function eventsOf(chunks: readonly HistoryChunk[]): HistoryEvent[] {
  return chunks.flatMap(({ events }) => events);
}

export function describeHistoryStreams(createStore: CreateStore): void {
  it.each([
    ["of many events", 1100, 1, {}],
    ["of large events", 6, 900_000, {}],
    ["that is not in memory", 1100, 1, { maxHistoryEvents: 0 }],
  ] as const)(
    "a worker that can reads the past of its turn by parts: one %s",
    async (_, activities, resultLength, options) => {
      const bench = await openLong(createStore, activities, resultLength, options);
      const inline = bench.worker();
      const whole = await inline.turn();
      expect(whole.request.requiresHistoryStreaming).toBe(false);
      await inline.close();
      const turn = await bench.worker(capable).turn();
      expect(turn.request).toMatchObject({ requiresHistoryStreaming: true, pastEvents: [] });
      expect(turn.request.newEvents).toHaveLength(2);
      const chunks = await readPast(bench, turn.request);
      expect(eventsOf(chunks)).toEqual(whole.request.pastEvents);
      expect(chunks.length).toBeGreaterThan(2);
      for (const chunk of chunks) {
        expect(chunk.events.length).toBeLessThanOrEqual(500);
        expect(toBinary(HistoryChunkSchema, chunk).byteLength).toBeLessThan(4_000_000);
      }
      await bench.worker().answer(turn, [complete(9999, "done")]);
      expect(await bench.state("a")).toMatchObject({ output: "done" });
    },
  );

  it("a small past comes with the turn, to whatever worker", async () => {
    const bench = await openLong(createStore, 2, 1);
    const turn = await bench.worker(capable).turn();
    expect(turn.request.requiresHistoryStreaming).toBe(false);
    expect(turn.request.pastEvents.length).toBeGreaterThan(5);
  });

  it("the past of a turn has nothing that came after the turn was handed out", async () => {
    const bench = await openLong(createStore, 1100, 1);
    const turn = await bench.worker(capable).turn();
    const past = { instanceId: "a", forWorkItemProcessing: true };
    const reading = bench.service.streamInstanceHistory(past)[Symbol.asyncIterator]();
    const first = await reading.next();
    await bench.service.raiseEvent({ instanceId: "a", name: "later" });
    // Somebody else completes the turn while it is read.
    await bench.worker().answer(turn, [schedule(5000, "later")]);
    const events = [...(first.value?.events ?? [])];
    for (let next = await reading.next(); next.value; next = await reading.next())
      events.push(...next.value.events);
    expect(eventNames(events)).not.toContain("eventRaised");
    expect(events.some(({ eventId }) => eventId === 5000)).toBe(false);
    expect(eventNames(events).filter((name) => name === "taskCompleted")).toHaveLength(1100);
  });

  it("has the turns that are not on disk yet", async () => {
    const bench = await openLong(createStore, 1100, 1);
    const worker = bench.worker(capable);
    const turn = await worker.turn();
    await bench.service.raiseEvent({ instanceId: "a", name: "again" });
    const disk = Promise.withResolvers<void>();
    bench.store.gate = disk.promise;
    const answered = worker.answer(turn, [schedule(5000)]);
    const next = await worker.turn();
    const past = eventsOf(await readPast(bench, next.request));
    expect(past.at(-1)?.eventId).toBe(5000);
    disk.resolve();
    await answered;
  });

  it("refuses the past of a turn that is over, of another execution, and of nothing", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker(capable);
    const turn = await worker.turn();
    const other = { ...turn.request, executionId: "other" };
    const nobody = { ...turn.request, instanceId: "nobody" };
    for (const request of [other, nobody]) {
      await expect(readPast(bench, request)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    }
    expect(await readPast(bench, turn.request)).toEqual([]);
    await worker.answer(turn, [schedule(1)]);
    const gone = { code: "FAILED_PRECONDITION" };
    await expect(readPast(bench, turn.request)).rejects.toMatchObject(gone);
    await worker.work();
    await worker.run(continueAsNew(2));
    await expect(readPast(bench, turn.request)).rejects.toMatchObject(gone);
    const next = await worker.turn();
    await expect(readPast(bench, turn.request)).rejects.toMatchObject(gone);
    await worker.answer(next, [complete(2)]);
    await expect(readPast(bench, next.request)).rejects.toMatchObject(gone);
  });

  it("what a client reads comes in parts of bounded size too", async () => {
    const bench = await openLong(createStore, 6, 900_000);
    const chunks: HistoryChunk[] = [];
    for await (const chunk of bench.service.streamInstanceHistory({ instanceId: "a" }))
      chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(2);
    for (const chunk of chunks)
      expect(toBinary(HistoryChunkSchema, chunk).byteLength).toBeLessThan(4_000_000);
    expect(eventNames(eventsOf(chunks)).filter((name) => name === "taskCompleted")).toHaveLength(6);
  });
}
