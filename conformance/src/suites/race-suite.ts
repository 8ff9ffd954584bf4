import { TaskHubError } from "@durabletask/core";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { child, complete, fail, schedule } from "../actions.ts";
import type { CreateStore, HubBench } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { expectNoOrphans } from "../invariants.ts";
import type { ActivityCall, ScriptedWorker } from "../scripted-worker.ts";
import { settle } from "../settle.ts";

const { COMPLETED, FAILED } = OrchestrationStatus;

const failureDetails = {
  $typeName: "TaskFailureDetails" as const,
  errorType: "Error",
  errorMessage: "no",
  isNonRetriable: false,
  properties: {},
};

/** What may happen to "a", which has failed, or to its child. */
const operations: Readonly<Record<string, (bench: HubBench) => Promise<unknown>>> = {
  rewind: ({ service }) => service.rewindInstance({ instanceId: "a" }),
  "rewind of the child": ({ service }) => service.rewindInstance({ instanceId: "kid" }),
  purge: ({ service }) => service.purgeInstances({ request: { case: "instanceId", value: "a" } }),
  "recursive purge": ({ service }) =>
    service.purgeInstances({ request: { case: "instanceId", value: "a" }, recursive: true }),
  "purge by filter": ({ service }) =>
    service.purgeInstances({
      request: { case: "purgeInstanceFilter", value: { runtimeStatus: [FAILED] } },
    }),
  restart: ({ service }) => service.restartInstance({ instanceId: "a" }),
  start: (bench) => bench.start("a"),
  terminate: ({ service }) => service.terminateInstance({ instanceId: "a", recursive: true }),
};

/** What holds up the disk while both are under way. */
type Delay = "nothing" | "commits" | "reads";

/** Pairs of operations on one instance while commits or reads are held back, and a third one afterwards. */
export function describeRaces(createStore: CreateStore): void {
  const names = Object.keys(operations);
  // Without a rewind, what has ended stays as it is.
  const pairs = names
    .flatMap((one) => names.map((two) => [one, two] as const))
    .filter((pair) => pair.some((name) => name.startsWith("rewind")));
  it.each(pairs)(
    "%s and %s on the same instance leave nothing behind, and lose nothing",
    async (one, two) => {
      await expectSoundRace(createStore, [one, two], "nothing", 0);
      for (const apart of [0, 1, 4])
        await expectSoundRace(createStore, [one, two], "commits", apart);
      await expectSoundRace(createStore, [one, two], "reads", 1);
      for (const third of ["rewind", "purge"])
        await expectSoundRace(createStore, [one, two, third], "commits", 1);
    },
  );

  it("a rewind that has read an instance before it was purged finds it gone", async () => {
    const bench = await openBench(createStore);
    await failWithAll(bench);
    const gate = Promise.withResolvers<void>();
    bench.store.findGate = gate.promise;
    const rewind = codeOf(operations["rewind"]?.(bench));
    await settle();
    bench.store.findGate = undefined;
    await operations["purge by filter"]?.(bench);
    gate.resolve();
    expect(await rewind).toBe("NOT_FOUND");
    expect(await bench.exists("a")).toBe(false);
    await expectNoOrphans(bench.store, bench.store.batches);
  });

  it("a purge that has read an instance before it was rewound reads it again", async () => {
    const bench = await openBench(createStore);
    await failWithAll(bench);
    const gate = Promise.withResolvers<void>();
    bench.store.findGate = gate.promise;
    const purge = operations["purge"]?.(bench);
    await settle();
    bench.store.findGate = undefined;
    // It is rewound and ends anew, all of it on disk.
    await bench.service.rewindInstance({ instanceId: "a" });
    await finishAll(bench.worker());
    expect((await bench.state("a")).orchestrationStatus).toBe(COMPLETED);
    gate.resolve();
    await purge;
    expect(await bench.exists("a")).toBe(false);
    await expectNoOrphans(bench.store, bench.store.batches);
  });
}

async function expectSoundRace(
  createStore: CreateStore,
  names: readonly string[],
  delay: Delay,
  apart: number,
): Promise<void> {
  const bench = await openBench(createStore);
  await failWithAll(bench);
  const worker = bench.worker();
  const gate = Promise.withResolvers<void>();
  if (delay === "commits") bench.store.gate = gate.promise;
  if (delay === "reads") bench.store.findGate = gate.promise;
  const calls: Promise<string>[] = [];
  for (const name of names) {
    calls.push(codeOf(operations[name]?.(bench)));
    await settle(apart);
  }
  // What can run already runs: turns do not wait for the disk.
  await finishAll(worker);
  bench.store.gate = undefined;
  bench.store.findGate = undefined;
  gate.resolve();
  for (const code of await Promise.all(calls))
    expect(["OK", "NOT_FOUND", "FAILED_PRECONDITION", "ALREADY_EXISTS"]).toContain(code);
  await finishAll(worker);
  const { liveInstances, readyActivities, readyTurns } = bench.hub.stats();
  expect({ liveInstances, readyActivities, readyTurns }).toEqual({
    liveInstances: 0,
    readyActivities: 0,
    readyTurns: 0,
  });
  await expectNoOrphans(bench.store, bench.store.batches);
  // The memory of the hub and the store agree on what there is.
  const ids = async () =>
    (await bench.service.queryInstances({ query: {} })).orchestrationState.map(
      ({ instanceId, orchestrationStatus }) => [instanceId, orchestrationStatus],
    );
  const before = await ids();
  await bench.die();
  expect(await ids()).toEqual(before);
  const again = bench.worker();
  expect(await again.isIdle()).toBe(true);
  expect(await bench.store.detached()).toEqual([]);
  await bench.close();
}

async function codeOf(call: Promise<unknown> | undefined): Promise<string> {
  try {
    await call;
    return "OK";
  } catch (error) {
    return error instanceof TaskHubError ? error.code : String(error);
  }
}

/** "a" has failed with an activity and with its child; one activity has succeeded since, one waits, and one runs. */
async function failWithAll(bench: HubBench): Promise<void> {
  await bench.start("a");
  const worker = bench.worker();
  await worker.run(schedule(1, "bad"), child(2, "kid"), schedule(3, "late"), schedule(4, "slow"));
  await worker.run(schedule(1, "kid's"), fail(2));
  const calls: ActivityCall[] = [];
  for (let index = 0; index < 4; index++) calls.push(await worker.activity());
  const finish = async (name: string, more = {}) => {
    const call = calls.find(({ request }) => request.name === name);
    if (call) await worker.finish(call, name, more);
  };
  await finish("bad", { failureDetails });
  await worker.run(fail(9));
  await finish("late");
  await worker.close();
}

/** Does whatever there is to do: orchestrators complete at once. */
async function finishAll(worker: ScriptedWorker): Promise<void> {
  while (!(await worker.isIdle())) {
    const { request, completionToken: token } = await worker.next();
    if (request.case === "activityRequest") {
      void worker.finish({ token, request: request.value }, "done");
    } else if (request.case === "orchestratorRequest") {
      void worker.answer({ token, request: request.value }, [complete(99)]);
    }
    await settle(1);
  }
}
