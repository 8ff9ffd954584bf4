import { OrchestrationStatus } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { complete, schedule } from "../actions.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { eventNames } from "../scripted-worker.ts";

const { FAILED, PENDING, TERMINATED } = OrchestrationStatus;

const part = (chunkIndex: number) => ({ isPartial: true, chunkIndex });
const last = (chunkIndex: number) => ({ isPartial: false, chunkIndex });
const request = { maxConcurrentOrchestrationWorkItems: 1 };

export function describeChunks(createStore: CreateStore): void {
  it("rule 14: an answer in parts counts as one, once the last part is there", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    await bench.start("b");
    const worker = bench.worker({ request });
    const turn = await worker.turn();
    const orchestrationTraceContext = {
      $typeName: "OrchestrationTraceContext" as const,
      spanID: "span",
    };
    const first = { ...part(0), orchestrationTraceContext, customStatus: "status" };
    await worker.answer(turn, [schedule(1)], first);
    await worker.answer(turn, [schedule(2)], { ...part(1), customStatus: "status" });
    expect(await bench.history("a")).toEqual([]);
    expect((await bench.state("a")).orchestrationStatus).toBe(PENDING);
    // The worker is still at it.
    expect(await worker.isIdle()).toBe(true);
    await worker.answer(turn, [schedule(3)], { ...last(2), customStatus: "status" });
    const scheduled = (await bench.history("a")).filter(
      ({ eventType }) => eventType.case === "taskScheduled",
    );
    expect(scheduled.map(({ eventId }) => eventId)).toEqual([1, 2, 3]);
    expect(await bench.state("a")).toMatchObject({ customStatus: "status" });
    expect((await worker.turn()).request.instanceId).toBe("b");
    await bench.service.raiseEvent({ instanceId: "a", name: "x" });
    const other = bench.worker();
    expect((await other.turn()).request).toMatchObject({ orchestrationTraceContext });
  });

  it("rule 14: a part that is sent again counts once, and parts count in the order of their numbers", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    const turn = await worker.turn();
    await worker.answer(turn, [schedule(2)], part(1));
    for (let times = 0; times < 2; times++) await worker.answer(turn, [schedule(1)], part(0));
    // What is missing is waited for.
    for (let times = 0; times < 2; times++) await worker.answer(turn, [schedule(4)], last(3));
    expect(await bench.history("a")).toEqual([]);
    await worker.answer(turn, [schedule(3)], part(2));
    for (const again of [part(2), last(3)]) await worker.answer(turn, [schedule(9)], again);
    const ids = (await bench.history("a")).flatMap(({ eventId, eventType }) =>
      eventType.case === "taskScheduled" ? [eventId] : [],
    );
    expect(ids).toEqual([1, 2, 3, 4]);
  });

  it("rule 14: an answer that needs no second part, and parts without a number, are taken too", async () => {
    const bench = await openBench(createStore);
    for (const id of ["one", "several"]) await bench.start(id);
    const worker = bench.worker();
    for (const turn of [await worker.turn(), await worker.turn()]) {
      const isOne = turn.request.instanceId === "one";
      if (!isOne) await worker.answer(turn, [schedule(1)], { isPartial: true });
      await worker.answer(turn, [complete(2, "done")], last(isOne ? 0 : 1));
    }
    for (const id of ["one", "several"])
      expect(await bench.state(id)).toMatchObject({ output: "done" });
  });

  it("rule 14: parts of a superseded turn are dropped", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker({ request });
    const turn = await worker.turn();
    await worker.answer(turn, [schedule(1)], part(0));
    await bench.service.terminateInstance({ instanceId: "a" });
    await worker.answer(turn, [schedule(2)], part(1));
    await bench.start("b");
    expect(await worker.isIdle()).toBe(true);
    await worker.answer(turn, [schedule(3)], last(2));
    expect((await worker.turn()).request.instanceId).toBe("b");
    expect(await bench.state("a")).toMatchObject({ orchestrationStatus: TERMINATED });
  });

  it("rule 14: a lost connection keeps the parts for the grace period, for the next one", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const abort = new AbortController();
    const worker = bench.worker({ signal: abort.signal });
    const turn = await worker.turn();
    await worker.answer(turn, [schedule(1)], part(0));
    abort.abort();
    await bench.pass(4999);
    const next = bench.worker();
    await next.answer(turn, [complete(2, "whole")], last(1));
    expect(await bench.state("a")).toMatchObject({ output: "whole" });
    expect(eventNames(await bench.history("a"))).toContain("taskScheduled");
  });

  it("rule 14: then they are dropped, and the last part alone is no answer", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const abort = new AbortController();
    const worker = bench.worker({ signal: abort.signal });
    const turn = await worker.turn();
    await worker.answer(turn, [schedule(1)], part(0));
    abort.abort();
    await bench.pass(5000);
    const next = bench.worker();
    await next.answer(turn, [complete(2, "half")], last(1));
    await next.run(complete(1, "again"));
    expect(await bench.state("a")).toMatchObject({ output: "again" });
    await bench.start("b");
    const lost = await next.turn();
    await next.answer(lost, [schedule(1)], part(0));
    await bench.die();
    const other = bench.worker();
    await other.answer(lost, [complete(2, "half")], last(1));
    await other.run(complete(1, "again"));
    expect(await bench.state("b")).toMatchObject({ output: "again" });
  });

  it.each([
    ["more than 64 parts", 65, 1],
    ["more than 64 MB", 62, 1_100_000],
  ])(
    "rule 14: an answer of %s fails the instance, once, with a message",
    async (_, parts, size) => {
      const bench = await openBench(createStore);
      await bench.start("a");
      const worker = bench.worker({ request });
      const turn = await worker.turn();
      const input = "x".repeat(size);
      for (let index = 0; index < parts; index++)
        await worker.answer(turn, [schedule(index + 1, "work", input)], part(index));
      await worker.answer(turn, [complete(100)], last(parts));
      expect(await bench.state("a")).toMatchObject({
        orchestrationStatus: FAILED,
        failureDetails: {
          errorType: "ResponseTooLarge",
          errorMessage: expect.stringContaining("Let the orchestrator ask for less at once"),
        },
      });
      await bench.start("b");
      expect((await worker.run(complete(1))).request.instanceId).toBe("b");
      expect(await worker.isIdle()).toBe(true);
    },
  );

  it("rule 14: a part with a number that is too high fails the instance before the others come", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.answer(await worker.turn(), [schedule(1)], part(64));
    expect(await bench.state("a")).toMatchObject({
      orchestrationStatus: FAILED,
      failureDetails: { errorType: "ResponseTooLarge" },
    });
  });

  it("rule 14: a custom status may come with the first part alone", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    const turn = await worker.turn();
    await worker.answer(turn, [schedule(1)], { ...part(0), customStatus: "status" });
    await worker.answer(turn, [schedule(2)], last(1));
    expect(await bench.state("a")).toMatchObject({ customStatus: "status" });
  });

  it("rule 14: 64 parts are not too many", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    const turn = await worker.turn();
    for (let index = 0; index < 63; index++)
      await worker.answer(turn, [schedule(index + 1)], part(index));
    await worker.answer(turn, [], last(63));
    expect(eventNames(await bench.history("a"))).toHaveLength(65);
  });
}
