import { OrchestrationStatus } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { child, complete, fail, schedule } from "../actions.ts";
import type { CreateStore } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { eventNames } from "../scripted-worker.ts";

const { COMPLETED, FAILED, PENDING } = OrchestrationStatus;

export function describeChildren(createStore: CreateStore): void {
  it("starts a child with its parent's address, and gives its result back", async () => {
    const bench = await openBench(createStore);
    await bench.start("parent", { version: "3" });
    const worker = bench.worker();
    await worker.run(child(7, "kid", "small", "in"));
    await bench.reopen();
    const again = bench.worker();
    const turn = await again.turn();
    const started = turn.request.newEvents[1]?.eventType;
    expect(started).toMatchObject({
      case: "executionStarted",
      value: {
        name: "small",
        input: "in",
        parentInstance: {
          taskScheduledId: 7,
          name: "main",
          version: "3",
          orchestrationInstance: {
            instanceId: "parent",
            executionId: (await bench.state("parent")).executionId,
          },
        },
      },
    });
    await again.answer(turn, [complete(1, "out")]);
    expect(await bench.state("kid")).toMatchObject({
      parentInstanceId: "parent",
      orchestrationStatus: COMPLETED,
    });
    const next = await again.run(complete(8));
    expect(next.request.newEvents[1]?.eventType).toMatchObject({
      case: "subOrchestrationInstanceCompleted",
      value: { taskScheduledId: 7, result: "out" },
    });
  });

  it("gives a child's failure back", async () => {
    const bench = await openBench(createStore);
    await bench.start("parent");
    const worker = bench.worker();
    await worker.run(child(1));
    await worker.run(fail(1, "broken"));
    expect((await worker.turn()).request.newEvents[1]?.eventType).toMatchObject({
      case: "subOrchestrationInstanceFailed",
      value: { taskScheduledId: 1, failureDetails: { errorMessage: "broken" } },
    });
  });

  it("rule 3: the id of an active instance fails the call in the parent, not its checkpoint", async () => {
    const bench = await openBench(createStore);
    await bench.start("taken");
    await bench.start("parent");
    const worker = bench.worker();
    await worker.run(schedule(1));
    await worker.run(child(1, "taken"), child(2, "parent"), child(3, "free"));
    await worker.activity();
    const turn = await worker.turn();
    expect(turn.request.newEvents.slice(1).map(({ eventType }) => eventType)).toMatchObject([
      { value: { taskScheduledId: 1, failureDetails: { errorType: "InstanceAlreadyExists" } } },
      { value: { taskScheduledId: 2, failureDetails: { errorType: "InstanceAlreadyExists" } } },
    ]);
    expect(await bench.state("free")).toMatchObject({ orchestrationStatus: PENDING });
    await bench.reopen();
    const again = bench.worker();
    expect((await again.activity()).request.name).toBe("work");
    expect(eventNames((await again.turn()).request.newEvents)).toHaveLength(3);
  });

  it("rule 3: an instance cannot replace itself from within its last turn", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(child(1, "a"), complete(2, "done"));
    expect(await worker.isIdle()).toBe(true);
    expect(await bench.state("a")).toMatchObject({ output: "done" });
  });

  it("rule 3: an ended instance is replaced, so that retries of a child may reuse its id", async () => {
    const bench = await openBench(createStore);
    await bench.start("parent");
    const worker = bench.worker();
    await worker.run(child(1, "kid"));
    // All in one batch: the child's end and its replacement.
    const failed = worker.answer(await worker.turn(), [fail(1)]);
    const retried = worker.answer(await worker.turn(), [child(2, "kid")]);
    await Promise.all([failed, retried]);
    await worker.run(complete(1, "better"));
    const turn = await worker.run(complete(3));
    expect(turn.request.newEvents[1]?.eventType).toMatchObject({
      case: "subOrchestrationInstanceCompleted",
      value: { taskScheduledId: 2, result: "better" },
    });
    await bench.reopen();
    expect(await bench.state("kid")).toMatchObject({ output: "better" });
    expect((await bench.service.queryInstances({ query: {} })).orchestrationState).toHaveLength(2);
  });

  it("rule 3: default ids of children differ, and stay short however deep children nest", async () => {
    const bench = await openBench(createStore);
    await bench.start("x".repeat(100));
    const worker = bench.worker();
    const ids = new Set<string>();
    for (let depth = 0; depth < 10; depth++) {
      const turn = await worker.run(child(1));
      ids.add(turn.request.instanceId);
      expect(turn.request.instanceId.length).toBeLessThanOrEqual(100);
    }
    expect(ids.size).toBe(10);
  });

  it("rule 3: longer ids made by foreign workers are accepted", async () => {
    const bench = await openBench(createStore);
    await bench.start("parent");
    const worker = bench.worker();
    await worker.run(child(1, "x/".repeat(200)));
    expect((await worker.run(complete(1))).request.instanceId).toHaveLength(400);
    expect(await bench.state("x/".repeat(200))).toMatchObject({ orchestrationStatus: COMPLETED });
  });

  it("children of an ended parent go on, and their results go nowhere", async () => {
    const bench = await openBench(createStore);
    await bench.start("parent");
    const worker = bench.worker();
    await worker.run(child(1, "kid"), complete(2));
    await worker.run(complete(1, "alone"));
    expect(await worker.isIdle()).toBe(true);
    expect(await bench.state("kid")).toMatchObject({ output: "alone" });
    expect(eventNames(await bench.history("parent")).at(-1)).toBe("executionCompleted");
  });

  it("a child's result never reaches a parent that has taken its parent's id", async () => {
    const bench = await openBench(createStore);
    await bench.start("parent");
    const worker = bench.worker();
    await worker.run(child(1, "kid"), complete(2));
    const kid = await worker.turn();
    await bench.start("parent");
    await worker.run(schedule(1));
    await worker.answer(kid, [complete(1)]);
    await worker.activity();
    expect(await worker.isIdle()).toBe(true);
  });

  it("recursive purge removes every trace in one commit", async () => {
    const bench = await openBench(createStore);
    await bench.start("a");
    const worker = bench.worker();
    await worker.run(child(1, "a1"));
    await worker.run(child(1, "a11"));
    await worker.run(fail(1));
    await worker.run(fail(2));
    await worker.run(schedule(2, "stray"), fail(3));
    expect(await bench.state("a")).toMatchObject({ orchestrationStatus: FAILED });
    const commits = bench.store.batches.length;
    const purged = await bench.service.purgeInstances({
      request: { case: "instanceId", value: "a" },
      recursive: true,
    });
    expect(purged.deletedInstanceCount).toBe(3);
    expect(bench.store.batches.length).toBe(commits + 1);
    expect(await bench.store.detached()).toEqual([]);
    for (const id of ["a", "a1", "a11"]) {
      expect(await bench.exists(id)).toBe(false);
      expect(await bench.history(id)).toEqual([]);
    }
  });
}
