import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { EmbeddedTaskHubOptions } from "@durabletask/backend";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { complete, continueAsNew, fail, schedule } from "../actions.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import type { ScriptedWorker } from "../scripted-worker.ts";
import { settle } from "../settle.ts";

const { RUNNING, COMPLETED, FAILED, PENDING, TERMINATED } = OrchestrationStatus;

export function describeReads(createStore: CreateStore): void {
  it("answers at once for an instance that does not exist", async () => {
    const bench = await openBench(createStore);
    const request = { instanceId: "nobody" };
    expect((await bench.service.getInstance(request)).exists).toBe(false);
    expect((await bench.service.waitForInstanceStart(request)).exists).toBe(false);
    expect((await bench.service.waitForInstanceCompletion(request)).exists).toBe(false);
  });

  it("leaves payloads out unless asked", async () => {
    const bench = await openBench(createStore);
    await bench.start("a", { input: "in" });
    await bench.worker().run(complete(1, "out"));
    const { orchestrationState } = await bench.service.getInstance({ instanceId: "a" });
    expect(orchestrationState).toMatchObject({
      input: undefined,
      output: undefined,
      orchestrationStatus: COMPLETED,
    });
  });

  it("waits for the start, then for the end, over generations of the wait", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const started = bench.service.waitForInstanceStart({ instanceId: "a" });
    const ended = bench.service.waitForInstanceCompletion({
      instanceId: "a",
      getInputsAndOutputs: true,
    });
    const worker = bench.worker();
    await worker.run(schedule(1));
    expect((await started).orchestrationState?.orchestrationStatus).toBe(RUNNING);
    await worker.work();
    await worker.run(complete(2, "out"));
    expect((await ended).orchestrationState).toMatchObject({
      orchestrationStatus: COMPLETED,
      output: "out",
    });
  });

  it.each([
    ["completed", (worker: ScriptedWorker) => worker.run(complete(1, "out"))],
    ["failed", (worker: ScriptedWorker) => worker.run(fail(1, "why"))],
    ["completed in its second generation", inTwoGenerations],
  ])("a wait is answered as a read is, for an instance that has %s", async (_, run) => {
    const bench = await openBench(createStore);
    await bench.start("a", { input: "in", tags: { colour: "red" }, version: "1.0" });
    const request = { instanceId: "a", getInputsAndOutputs: true };
    const long = bench.service.waitForInstanceCompletion(request);
    const short = bench.service.waitForInstanceCompletion({ instanceId: "a" });
    await settle();
    await run(bench.worker());
    expect(await long).toEqual(await bench.service.getInstance(request));
    expect(await short).toEqual(await bench.service.getInstance({ instanceId: "a" }));
    expect((await long).orchestrationState?.completedTimestamp).toBeDefined();
  });

  it("a wait is answered as a read is, for an instance that was terminated", async () => {
    const bench = await openBench(createStore);
    await bench.start("a", { input: "in" });
    const request = { instanceId: "a", getInputsAndOutputs: true };
    const waiting = bench.service.waitForInstanceCompletion(request);
    await settle();
    await bench.service.terminateInstance({ instanceId: "a", output: "enough" });
    expect(await waiting).toEqual(await bench.service.getInstance(request));
    expect((await waiting).orchestrationState?.output).toBe("enough");
  });

  it("a wait for an end that comes is answered without reading the store", async () => {
    const bench = await openBench(createStore);
    await bench.start("a", { input: "in" });
    const waiting = bench.service.waitForInstanceCompletion({
      instanceId: "a",
      getInputsAndOutputs: true,
    });
    await settle();
    // A read would not end.
    bench.store.findGate = Promise.withResolvers<void>().promise;
    await bench.worker().run(complete(1, "out"));
    expect((await waiting).orchestrationState).toMatchObject({ input: "in", output: "out" });
    bench.store.findGate = undefined;
  });

  it("a wait goes on with the instance that takes the id of the one that has ended", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const waiting = bench.service.waitForInstanceCompletion({
      instanceId: "a",
      getInputsAndOutputs: true,
    });
    await settle();
    // Terminates the first in the same batch.
    await bench.start("a", {
      input: "second",
      orchestrationIdReusePolicy: { replaceableStatus: [PENDING, TERMINATED] },
    });
    await bench.worker().run(complete(1, "out"));
    expect((await waiting).orchestrationState).toMatchObject({ input: "second", output: "out" });
  });

  it("a wait is answered with the last of those that had the id and ended in one batch", async () => {
    const bench = await openBench(createStore);
    await bench.start("a", { input: "first" });
    const request = { instanceId: "a", getInputsAndOutputs: true };
    const waiting = [
      bench.service.waitForInstanceCompletion({ instanceId: "a" }),
      bench.service.waitForInstanceCompletion(request),
      bench.service.waitForInstanceStart(request),
    ];
    await settle();
    const policy = { replaceableStatus: [PENDING, TERMINATED] };
    const replaced = bench.start("a", { input: "second", orchestrationIdReusePolicy: policy });
    const terminated = bench.service.terminateInstance({ instanceId: "a", output: "enough" });
    await Promise.all([replaced, terminated]);
    const [short, ...long] = await Promise.all(waiting);
    expect(short).toEqual(await bench.service.getInstance({ instanceId: "a" }));
    for (const answer of long) expect(answer).toEqual(await bench.service.getInstance(request));
  });

  it("a wait for one that has ended goes on with the instance that takes its id before it is read", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const request = { instanceId: "a", getInputsAndOutputs: true };
    const terminated = bench.service.terminateInstance({ instanceId: "a" });
    const start = bench.service.waitForInstanceStart(request);
    const end = bench.service.waitForInstanceCompletion(request);
    await Promise.all([terminated, bench.start("a", { input: "second" })]);
    await settle();
    await bench.worker().run(complete(1, "out"));
    expect((await end).orchestrationState).toMatchObject({ input: "second", output: "out" });
    expect((await start).orchestrationState).toMatchObject({
      input: "second",
      orchestrationStatus: COMPLETED,
    });
  });

  it("a wait ends with DEADLINE_EXCEEDED when its time is over", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const waiting = bench.service.waitForInstanceCompletion(
      { instanceId: "a" },
      { timeoutMs: 5000 },
    );
    const [ended] = await Promise.allSettled([waiting, bench.pass(5000)]);
    expect(ended).toMatchObject({ status: "rejected", reason: { code: "DEADLINE_EXCEEDED" } });
  });

  it("a wait ends with the reason of its signal", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const abort = new AbortController();
    const waiting = bench.service.waitForInstanceStart(
      { instanceId: "a" },
      { signal: abort.signal },
    );
    const reason = new Error("enough");
    const aborting = settle().then(() => abort.abort(reason));
    const [ended] = await Promise.allSettled([waiting, aborting]);
    expect(ended).toMatchObject({ status: "rejected", reason });
    await expect(
      bench.service.getInstance({ instanceId: "a" }, { signal: abort.signal }),
    ).rejects.toBe(reason);
  });

  it("reads wait until what they read is on disk", async () => {
    const bench = await openBench(createStore);
    const gate = Promise.withResolvers<void>();
    bench.store.gate = gate.promise;
    const started = bench.start("a");
    const seen: boolean[] = [];
    const note = (exists: boolean) => seen.push(exists);
    const early = bench.exists("a").then(note);
    await settle();
    // The commit is under way by now.
    const late = bench.exists("a").then(note);
    await settle();
    expect(seen).toEqual([]);
    gate.resolve();
    await Promise.all([started, early, late]);
    expect(seen).toEqual([true, true]);
  });

  it("queries by status, time of creation and prefix, page by page", async () => {
    const bench = await openBench(createStore);
    const worker = bench.worker();
    const t0 = bench.clock.now();
    for (let index = 0; index < 10; index++) {
      await bench.start(`${index % 2 ? "odd" : "even"}-${index}`, { input: String(index) });
      await worker.run(index < 5 ? complete(1, "out") : fail(1));
      await bench.pass(1000);
    }
    await bench.start("odd_pending");
    const query = async (query: Parameters<typeof bench.service.queryInstances>[0]["query"]) =>
      await bench.service.queryInstances({ query });
    const ids = async (request: Parameters<typeof query>[0]) =>
      (await query(request)).orchestrationState.map(({ instanceId }) => instanceId);
    expect(await ids({})).toHaveLength(11);
    expect(await ids({ runtimeStatus: [PENDING] })).toEqual(["odd_pending"]);
    expect(await ids({ runtimeStatus: [FAILED], instanceIdPrefix: "odd-" })).toEqual([
      "odd-5",
      "odd-7",
      "odd-9",
    ]);
    expect(await ids({ instanceIdPrefix: "odd_" })).toEqual(["odd_pending"]);
    expect(
      await ids({
        createdTimeFrom: timestampFromMs(t0 + 2000),
        createdTimeTo: timestampFromMs(t0 + 4000),
      }),
    ).toEqual(["even-2", "odd-3", "even-4"]);
    const first = await query({ maxInstanceCount: 6, fetchInputsAndOutputs: true });
    expect(first.orchestrationState[0]).toMatchObject({ input: "0", output: "out" });
    const rest = await query({ maxInstanceCount: 6, continuationToken: first.continuationToken });
    expect(rest.orchestrationState.map(({ instanceId }) => instanceId)).toEqual([
      "even-6",
      "odd-7",
      "even-8",
      "odd-9",
      "odd_pending",
    ]);
    expect(rest.continuationToken).toBeUndefined();
    await expect(query({ continuationToken: "x" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("answers queries for its own name, and has nothing of other task hubs", async () => {
    const names = async (options: EmbeddedTaskHubOptions, ...taskHubNames: string[]) => {
      const bench = await openBench(createStore, options);
      await bench.start("a");
      const { orchestrationState } = await bench.service.queryInstances({
        query: { taskHubNames: taskHubNames.map((value) => ({ value })) },
      });
      return orchestrationState.map(({ instanceId }) => instanceId);
    };
    expect(await names({})).toEqual(["a"]);
    expect(await names({}, "other", "default")).toEqual(["a"]);
    expect(await names({}, "other")).toEqual([]);
    expect(await names({ name: "other" }, "other")).toEqual(["a"]);
    expect(await names({ name: "other" }, "default", "Other")).toEqual([]);
  });

  it("purges what has ended, and nothing else", async () => {
    const bench = await openBench(createStore);
    const purge = async (value: string) =>
      (await bench.service.purgeInstances({ request: { case: "instanceId", value } }))
        .deletedInstanceCount;
    await bench.start("a");
    expect([await purge("a"), await purge("nobody")]).toEqual([0, 0]);
    const worker = bench.worker();
    await worker.run(complete(1));
    expect(await purge("a")).toBe(1);
    expect(await bench.exists("a")).toBe(false);
    await bench.start("a");
    await worker.run(complete(1));
    expect(await bench.exists("a")).toBe(true);
  });

  it("purges by filter and by list", async () => {
    const bench = await openBench(createStore);
    const worker = bench.worker();
    for (const id of ["a", "b", "c", "d"]) {
      await bench.start(id);
      await worker.run(id === "b" ? fail(1) : complete(1));
      await bench.pass(1000);
    }
    await bench.start("live");
    const filter = { runtimeStatus: [FAILED, RUNNING] };
    const byFilter = await bench.service.purgeInstances({
      request: { case: "purgeInstanceFilter", value: filter },
    });
    expect(byFilter.deletedInstanceCount).toBe(1);
    const value = { instanceIds: ["a", "a", "live", "nobody"] };
    const byList = await bench.service.purgeInstances({
      request: { case: "instanceBatch", value },
    });
    expect(byList).toMatchObject({ deletedInstanceCount: 1, isComplete: true });
    const all = await bench.service.purgeInstances({
      request: { case: "purgeInstanceFilter", value: {} },
    });
    expect(all.deletedInstanceCount).toBe(2);
    expect(await bench.exists("live")).toBe(true);
  });

  it("a method that is not there fails with UNIMPLEMENTED, and says which", async () => {
    const bench = await openBench(createStore);
    await expect(bench.service.cleanEntityStorage({})).rejects.toMatchObject({
      code: "UNIMPLEMENTED",
      message: expect.stringContaining("CleanEntityStorage"),
    });
  });

  it("after close() calls fail with FAILED_PRECONDITION", async () => {
    const bench = await openBench(createStore);
    const { service } = bench;
    const worker = bench.worker();
    worker.ask();
    await settle();
    await bench.close();
    await expect(worker.pull()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await expect(service.hello({})).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });
}

async function inTwoGenerations(worker: ScriptedWorker): Promise<void> {
  await worker.run(continueAsNew(1, "again"));
  await worker.run(complete(1, "out"));
}
