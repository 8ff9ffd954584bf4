import { OrchestrationStatus } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { child, complete, continueAsNew, fail, schedule, send, timer } from "../actions.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";

const { FAILED, RUNNING } = OrchestrationStatus;

/** What no type allows, and a caller in JavaScript can send all the same. */
function wrong(value: unknown): never {
  return value as never;
}

export function describeLimits(createStore: CreateStore): void {
  it("rule 18: a client's payload above the limit is refused, in bytes", async () => {
    const bench = await openBench(createStore, { maxPayloadBytes: 10 });
    await bench.start("a", { input: "0123456789" });
    const tooLarge = { code: "INVALID_ARGUMENT", message: expect.stringContaining("10 bytes") };
    const input = "漢字漢字";
    await expect(bench.start("b", { input })).rejects.toMatchObject(tooLarge);
    const event = { instanceId: "a", name: "x", input };
    await expect(bench.service.raiseEvent(event)).rejects.toMatchObject(tooLarge);
    const termination = { instanceId: "a", output: input };
    await expect(bench.service.terminateInstance(termination)).rejects.toMatchObject(tooLarge);
    expect(await bench.exists("b")).toBe(false);
  });

  it("rule 18: an activity's result above the limit fails the activity", async () => {
    const bench = await openBench(createStore, { maxPayloadBytes: 10 });
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(schedule(1, "large"));
    await worker.work("x".repeat(11));
    expect((await worker.turn()).request.newEvents[1]?.eventType.value).toMatchObject({
      failureDetails: {
        errorType: "PayloadTooLarge",
        errorMessage: expect.stringContaining('"large"'),
        isNonRetriable: true,
      },
    });
  });

  const large = "x".repeat(11);
  it.each([
    ["input", schedule(1, "x", large)],
    ["child's input", child(1, "", "x", large)],
    ["event", send(1, "b", "x", large)],
    ["output", complete(1, large)],
    ["next input", continueAsNew(1, large)],
  ])("rule 18: an orchestrator's %s above the limit fails its instance", async (_, action) => {
    const bench = await openBench(createStore, { maxPayloadBytes: 10 });
    await bench.start("a");
    await bench.worker().run(action);
    expect(await bench.state("a")).toMatchObject({
      orchestrationStatus: FAILED,
      failureDetails: { errorType: "PayloadTooLarge" },
    });
  });

  it("rule 18: a custom status above the limit fails the instance, and is not kept", async () => {
    const bench = await openBench(createStore, { maxPayloadBytes: 10 });
    await bench.start("a");
    const worker = bench.worker();
    await worker.answer(await worker.turn(), [], { customStatus: large });
    expect(await bench.state("a")).toMatchObject({
      orchestrationStatus: FAILED,
      customStatus: undefined,
    });
  });

  it("rule 18: what has ended is purged when its time is over, by status", async () => {
    const retention = { completed: { minutes: 10 }, failed: { hours: 1 } };
    const bench = await openBench(createStore, { retention });
    for (const id of ["completed", "failed", "terminated", "live"]) await bench.start(id);
    const worker = bench.worker();
    for (let turns = 0; turns < 4; turns++) {
      const turn = await worker.turn();
      const { instanceId } = turn.request;
      if (instanceId === "completed") await worker.answer(turn, [complete(1)]);
      else await worker.answer(turn, instanceId === "failed" ? [fail(1)] : []);
    }
    await bench.service.terminateInstance({ instanceId: "terminated" });
    const left = async () =>
      (await bench.service.queryInstances({ query: {} })).orchestrationState.map(
        ({ instanceId }) => instanceId,
      );
    await bench.pass(9 * 60_000);
    expect(await left()).toHaveLength(4);
    for (let minutes = 0; minutes < 3; minutes++) await bench.pass(60_000);
    expect(await left()).toEqual(["failed", "terminated", "live"]);
    bench.store.isDown = true;
    for (let minutes = 0; minutes < 60; minutes++) await bench.pass(60_000);
    bench.store.isDown = false;
    for (let minutes = 0; minutes < 3; minutes++) await bench.pass(60_000);
    expect(await left()).toEqual(["terminated", "live"]);
  });

  it.each([
    { maxAttempts: 0 },
    { maxHistoryEvents: -1 },
    { maxHistoryEvents: NaN },
    { maxHistoryEvents: wrong("1000") },
    { maxPayloadBytes: 0 },
    { maxPayloadBytes: wrong("1 MiB") },
    { gracePeriod: { seconds: -1 } },
    { gracePeriod: wrong({ second: 1 }) },
    { retention: { failed: wrong(3) } },
    { retention: { completed: { days: NaN } } },
  ])("refuses the options %j", async (options) => {
    await expect(openBench(createStore, options)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it.each([
    [{ retention: wrong({ canceled: { days: 1 } }) }, "completed, failed, terminated"],
    [{ maxLease: wrong({ activity: { days: 1 } }) }, "orchestrations, activities"],
  ])("refuses what an option does not have, and names what it has: %j", async (options, known) => {
    const [name = ""] = Object.keys(options);
    await expect(openBench(createStore, options)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(new RegExp(`^${name} has no '\\w+'; it takes ${known}`, "u")),
    });
  });

  it("a wrongly typed message fails its call, and nobody else's", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    const invalid = { status: "rejected", reason: { code: "INVALID_ARGUMENT" } };
    const starts = await Promise.allSettled([
      bench.start("b", { input: wrong(7) }),
      bench.start("c", { tags: { n: wrong(7) } }),
      bench.start("d", { version: wrong(Symbol("v")) }),
      bench.service.raiseEvent({ instanceId: "a", name: "x", input: wrong({}) }),
      bench.service.terminateInstance({ instanceId: "a", output: wrong([]) }),
      bench.start("e", { scheduledStartTimestamp: instant(9_100_000_000_000n) }),
      bench.start("f", { scheduledStartTimestamp: instant(1n << 62n) }),
      bench.start("good"),
    ]);
    expect(starts.slice(0, 7)).toMatchObject(Array.from({ length: 7 }, () => invalid));
    expect(starts[7]).toMatchObject({ status: "fulfilled" });
    const turn = await worker.turn();
    const actions = [
      schedule(1, wrong(7)),
      schedule(1, "x", wrong({ not: "a text" })),
      timer(1, 0),
      child(wrong("1"), "kid"),
      child(1, wrong(9)),
      send(1, "b", "x", wrong(1n)),
      complete(1, wrong(7)),
    ];
    const [, , early] = actions;
    if (early?.orchestratorActionType.case === "createTimer") {
      early.orchestratorActionType.value.fireAt = {
        $typeName: "google.protobuf.Timestamp",
        seconds: 1n << 60n,
        nanos: 0,
      };
    }
    const answers = await Promise.allSettled(
      actions.map((action) => worker.answer(turn, [action])),
    );
    expect(answers).toMatchObject(actions.map(() => invalid));
    // The turn is still this worker's.
    await worker.answer(turn, [schedule(1)]);
    const call = await worker.activity();
    const results = await Promise.allSettled([
      worker.finish(call, wrong(7)),
      worker.finish(call, undefined, { failureDetails: { innerFailure: wrong("a text") } }),
    ]);
    expect(results).toMatchObject([invalid, invalid]);
    await worker.finish(call, "r");
    expect(await bench.state("a")).toMatchObject({ orchestrationStatus: RUNNING });
    expect(bench.warnings).toEqual([]);
  });
}

function instant(seconds: bigint) {
  return { $typeName: "google.protobuf.Timestamp" as const, seconds, nanos: 0 };
}
