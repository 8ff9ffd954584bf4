import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { child, complete, continueAsNew, fail, schedule } from "../actions.ts";
import type { CreateStore, HubBench } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { settle } from "../settle.ts";

const { COMPLETED, FAILED, PENDING, RUNNING, TERMINATED } = OrchestrationStatus;

export function describeManagement(createStore: CreateStore): void {
  describe("restart", () => {
    it("begins an ended instance once more, in its place", async () => {
      const bench = await openBench(createStore);
      await bench.start("a", { input: "in", version: "2", tags: { team: "x" } });
      const worker = bench.worker();
      await worker.run(schedule(1), fail(2));
      const first = await bench.state("a");
      await bench.service.restartInstance({ instanceId: "a" });
      const second = await bench.state("a");
      expect(second).toMatchObject({
        name: "main",
        version: "2",
        input: "in",
        tags: { team: "x" },
        orchestrationStatus: PENDING,
        output: undefined,
      });
      expect(second.executionId).not.toBe(first.executionId);
      expect((await worker.run(complete(1, "better"))).request.pastEvents).toEqual([]);
      await bench.reopen();
      expect(await bench.state("a")).toMatchObject({ output: "better" });
    });

    it("begins a copy under a new id, whatever the status", async () => {
      const bench = await openBench(createStore);
      await bench.start("a", { input: "in" });
      const worker = bench.worker();
      const request = { instanceId: "a", restartWithNewInstanceId: true };
      const ids = [(await bench.service.restartInstance(request)).instanceId];
      await worker.run(complete(1, "first"));
      await worker.run(complete(1, "copy"));
      ids.push((await bench.service.restartInstance(request)).instanceId);
      expect(new Set(["a", ...ids]).size).toBe(3);
      for (const id of ids) expect(await bench.state(id)).toMatchObject({ input: "in" });
      expect(await bench.state("a")).toMatchObject({ output: "first" });
    });

    it("has the input of the generation that it was in", async () => {
      const bench = await openBench(createStore);
      await bench.start("a", { input: "1" });
      const worker = bench.worker();
      await worker.run(continueAsNew(1, "2"));
      await worker.run(complete(1));
      await bench.service.restartInstance({ instanceId: "a" });
      expect(await bench.state("a")).toMatchObject({ input: "2" });
    });

    it("refuses what does not exist, and in place what has not ended", async () => {
      const bench = await openBench(createStore);
      const restart = async () => await bench.service.restartInstance({ instanceId: "a" });
      await expect(restart()).rejects.toMatchObject({ code: "NOT_FOUND" });
      await bench.start("a");
      await expect(restart()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
      await bench.service.suspendInstance({ instanceId: "a" });
      await expect(restart()).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
      await bench.service.terminateInstance({ instanceId: "a" });
      await restart();
      expect(await bench.state("a")).toMatchObject({ orchestrationStatus: PENDING });
    });

    it("is not misled by a start that comes while it reads", async () => {
      const bench = await openBench(createStore);
      await bench.start("a");
      await bench.service.terminateInstance({ instanceId: "a" });
      const gate = Promise.withResolvers<void>();
      bench.store.findGate = gate.promise;
      const slow = bench.service.restartInstance({ instanceId: "a" });
      await settle();
      bench.store.findGate = undefined;
      await bench.start("a", { input: "new" });
      gate.resolve();
      await expect(slow).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
      expect(await bench.state("a")).toMatchObject({ input: "new" });
    });
  });

  describe("ids of ended instances", () => {
    it("come in the order of the ends, page by page", async () => {
      const bench = await openBench(createStore);
      await endFive(bench);
      const list = async (lastInstanceKey?: string) =>
        await bench.service.listInstanceIds({ pageSize: 2, lastInstanceKey });
      const first = await list("");
      const second = await list(first.lastInstanceKey);
      const third = await list(second.lastInstanceKey);
      expect([first, second, third].map(({ instanceIds }) => instanceIds)).toEqual([
        ["e", "d"],
        ["c", "b"],
        ["a"],
      ]);
      expect(third.lastInstanceKey).toBeUndefined();
      await expect(list("x")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    });

    it("are filtered by status and time of the end", async () => {
      const bench = await openBench(createStore);
      const t0 = await endFive(bench);
      const ids = async (request: Parameters<typeof bench.service.listInstanceIds>[0]) =>
        (await bench.service.listInstanceIds(request)).instanceIds;
      expect(await ids({ runtimeStatus: [FAILED] })).toEqual(["b"]);
      expect(await ids({ runtimeStatus: [RUNNING] })).toEqual([]);
      expect(
        await ids({
          completedTimeFrom: timestampFromMs(t0 + 1000),
          completedTimeTo: timestampFromMs(t0 + 3000),
        }),
      ).toEqual(["d", "c", "b"]);
    });
  });

  it.each(["nothing", "commits", "reads"] as const)(
    "of two purges at once only one counts an instance, with %s held back",
    async (delay) => {
      const bench = await openBench(createStore);
      await bench.start("a");
      const worker = bench.worker();
      await worker.run(child(1, "kid", "other"), complete(2));
      await worker.run(complete(1));
      const byId = { case: "instanceId", value: "a" } as const;
      const byFilter = { case: "purgeInstanceFilter", value: {} } as const;
      const gate = Promise.withResolvers<void>();
      if (delay === "commits") bench.store.gate = gate.promise;
      if (delay === "reads") bench.store.findGate = gate.promise;
      const purges = [byId, byFilter, byId].map((request) =>
        bench.service.purgeInstances({ request, recursive: true }),
      );
      await settle();
      bench.store.gate = undefined;
      bench.store.findGate = undefined;
      gate.resolve();
      const counts = (await Promise.all(purges)).map((purged) => purged.deletedInstanceCount);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2);
      expect([await bench.exists("a"), await bench.exists("kid")]).toEqual([false, false]);
    },
  );

  describe("purge by filter", () => {
    it("stops when its time is over, and says that there is more", async () => {
      const bench = await openBench(createStore);
      await endMany(bench, 600);
      const purge = async (seconds: bigint) =>
        await bench.service.purgeInstances({
          request: { case: "purgeInstanceFilter", value: { timeout: { seconds, nanos: 0 } } },
        });
      expect(await purge(0n)).toMatchObject({ deletedInstanceCount: 500, isComplete: false });
      expect(await purge(60n)).toMatchObject({ deletedInstanceCount: 100, isComplete: true });
    });

    it("takes the children too when it is recursive", async () => {
      const bench = await openBench(createStore);
      await bench.start("a");
      const worker = bench.worker();
      await worker.run(child(1, "kid", "other"), complete(2));
      await worker.run(complete(1));
      const to = timestampFromMs(bench.clock.now());
      await bench.pass(1000);
      await bench.start("late");
      await worker.run(complete(1));
      const value = { createdTimeTo: to, runtimeStatus: [COMPLETED] };
      const purged = await bench.service.purgeInstances({
        request: { case: "purgeInstanceFilter", value },
        recursive: true,
      });
      expect(purged).toMatchObject({ deletedInstanceCount: 2, isComplete: true });
      expect(await bench.exists("kid")).toBe(false);
      expect(await bench.exists("late")).toBe(true);
    });
  });

  it("rule 13: skipping graceful terminations ends the batch at once, and lists what it could not", async () => {
    const bench = await openBench(createStore);
    for (const id of ["a", "b", "c"]) await bench.start(id);
    await bench.service.terminateInstance({ instanceId: "c" });
    const commits = bench.store.batches.length;
    const { unterminatedInstanceIds } = await bench.service.skipGracefulOrchestrationTerminations({
      instanceBatch: { instanceIds: ["a", "b", "b", "c", "nobody"] },
      reason: "enough",
    });
    expect(unterminatedInstanceIds).toEqual(["c", "nobody"]);
    expect(bench.store.batches.length).toBe(commits + 1);
    for (const id of ["a", "b"])
      expect(await bench.state(id)).toMatchObject({
        orchestrationStatus: TERMINATED,
        output: "enough",
      });
    const instanceIds = Array.from({ length: 501 }, (_, index) => `i${index}`);
    const tooMany = bench.service.skipGracefulOrchestrationTerminations({
      instanceBatch: { instanceIds },
    });
    await expect(tooMany).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("rule 13: deleting or recreating the hub empties it, and both may be repeated", async () => {
    const bench = await openBench(createStore);
    for (const empty of [
      async () => await bench.service.deleteTaskHub({}),
      async () => await bench.service.createTaskHub({ recreateIfExists: true }),
    ]) {
      await bench.start("a");
      await bench.start("b");
      const worker = bench.worker();
      const turn = await worker.turn();
      await Promise.all([empty(), empty()]);
      await expect(worker.pull()).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await empty();
      for (const id of ["a", "b"]) expect(await bench.exists(id)).toBe(false);
      const again = bench.worker();
      await again.answer(turn, [complete(1, "late")]);
      expect(await again.isIdle()).toBe(true);
      await bench.start("c");
      await again.run(complete(1, "new"));
      await bench.reopen();
      expect(await bench.state("c")).toMatchObject({ output: "new" });
    }
    await bench.service.createTaskHub({});
    expect(await bench.exists("c")).toBe(true);
  });
}

/** Five instances, started in the order of the alphabet and ended in the opposite one, a second apart. */
async function endFive(bench: HubBench): Promise<number> {
  const ids = ["a", "b", "c", "d", "e"];
  for (const id of ids) await bench.start(id);
  await bench.start("live");
  const worker = bench.worker();
  const turns = [];
  for (const _ of ids) turns.push(await worker.turn());
  const t0 = bench.clock.now();
  for (const turn of turns.toReversed()) {
    await worker.answer(turn, [turn.request.instanceId === "b" ? fail(1) : complete(1)]);
    await bench.pass(1000);
  }
  return t0;
}

async function endMany(bench: HubBench, count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, index) => `i${index}`);
  await Promise.all(ids.map((id) => bench.start(id)));
  await Promise.all(ids.map((instanceId) => bench.service.terminateInstance({ instanceId })));
}
