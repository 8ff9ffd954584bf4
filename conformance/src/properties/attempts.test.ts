import { createMemoryStore, emptyBatch } from "@durabletask/backend";
import type { AttemptRecord, LogRow, Store } from "@durabletask/backend";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { createSqliteStore } from "@durabletask/sqlite";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { fail } from "../actions.ts";
import type { CreateStore, HubBench } from "../hub-bench.ts";
import { openBench } from "../hub-bench.ts";
import { expectInvariants } from "../invariants.ts";
import type { ScriptedWorker } from "../scripted-worker.ts";
import { temporaryFile } from "../temporary-file.ts";
import { nextActions, seenIn } from "../toy-worker.ts";

/** More runs than a test run has time for: `DURABLETASK_PROPERTY_RUNS=50` makes fifty times as many. */
const more = Number(process.env["DURABLETASK_PROPERTY_RUNS"] ?? 1);

const grounds = [
  ["memory", createMemoryStore, 200 * more],
  ["SQLite", () => createSqliteStore(temporaryFile(), { thread: false }), 20 * more],
] as const;

const maxAttempts = 3;

/** What may be recorded of one item when the process begins. */
const attempt = fc
  .record({ attempts: fc.nat({ max: 5 }), alone: fc.nat({ max: maxAttempts + 1 }) })
  .filter(({ attempts, alone }) => attempts >= alone);

const scene = fc.record({
  instances: fc.integer({ min: 1, max: 4 }),
  /** How many items are worked off before the process dies. */
  done: fc.nat({ max: 20 }),
  /** Of the turn and the two activities of each instance that lives then. */
  records: fc.array(fc.array(fc.option(attempt), { minLength: 3, maxLength: 3 }), { maxLength: 8 }),
  hasStrays: fc.boolean(),
});

it.each(grounds)(
  "rule 9, on %s: whatever is recorded of attempts, all ends, only what was alone too often fails, and no record is left",
  async (_, createStore, numRuns) => {
    let poisoned = 0;
    const property = fc.asyncProperty(scene, async (scene) => {
      poisoned += await play(createStore, scene);
    });
    await fc.assert(property, { numRuns });
    expect(poisoned).toBeGreaterThan(numRuns / 10);
  },
  60_000 * more,
);

type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

/** Gives how many instances failed. */
async function play(
  createStore: CreateStore,
  { instances, done, records, hasStrays }: Scene,
): Promise<number> {
  const bench = await openBench(createStore, { maxAttempts });
  for (let index = 0; index < instances; index++)
    await bench.start(`i${index}`, { name: "parent" });
  await work(bench, bench.worker(), done);
  bench.store = bench.store.successor();
  await bench.store.open();
  const known = await recordsOf(bench.store, records);
  const strays = hasStrays ? known.map((record) => ({ ...record, executionId: "gone" })) : [];
  await bench.store.commit({ ...emptyBatch, attempts: [...known, ...strays] });
  await bench.open();
  await finish(bench);
  const ended = await expectInvariants(bench.store);
  expect(await bench.store.attempts()).toEqual([]);
  expect(await bench.store.detached()).toEqual([]);
  const { length } = ended.filter(({ record }) => record.status === OrchestrationStatus.FAILED);
  expect(length > 0).toBe(known.some(({ alone }) => alone >= maxAttempts));
  await bench.close();
  return length;
}

/** For what is open in the store, in its order. */
async function recordsOf(store: Store, records: Scene["records"]): Promise<AttemptRecord[]> {
  const found: AttemptRecord[] = [];
  for (const { record, rows } of await store.live(0, 100)) {
    const { id: instanceId, executionId } = record;
    const [turn, ...activities] = records[found.length % Math.max(records.length, 1)] ?? [];
    const item = { instanceId, executionId };
    if (turn) found.push({ kind: "turn", ...item, taskId: -1, ...turn });
    for (const taskId of openIn(rows)) {
      const activity = activities[taskId - 1];
      if (activity) found.push({ kind: "activity", ...item, taskId, ...activity });
    }
  }
  return found;
}

function openIn(rows: readonly LogRow[]): ReadonlySet<number> {
  const open = new Set<number>();
  for (const { eventId, eventType } of rows.flatMap(({ events }) => events)) {
    if (eventType.case === "taskScheduled") open.add(eventId);
    if (eventType.case === "taskCompleted") open.delete(eventType.value.taskScheduledId);
  }
  return open;
}

async function finish(bench: HubBench): Promise<void> {
  const worker = bench.worker();
  for (let round = 0; bench.hub.stats().liveInstances > 0; round++) {
    expect(round).toBeLessThan(50);
    await work(bench, worker, Infinity);
    // A timer is the only thing to wait for: whoever runs alone is done at once.
    await bench.pass(10);
  }
  await work(bench, worker, Infinity);
}

/** Does what there is to do, but no more than so many items. What has met a failure fails. */
async function work(bench: HubBench, worker: ScriptedWorker, most: number): Promise<void> {
  for (let items = 0; items < most && !(await worker.isIdle()); items++) {
    const { request, completionToken: token } = await worker.next();
    if (request.case === "activityRequest")
      await worker.finish({ token, request: request.value }, "done");
    if (request.case !== "orchestratorRequest") continue;
    const seen = seenIn([...request.value.pastEvents, ...request.value.newEvents]);
    const hasFailed = seen.names.some((name) => name.endsWith("Failed"));
    const actions = hasFailed ? [fail(99)] : nextActions(seen, bench.clock.now());
    await worker.answer({ token, request: request.value }, actions);
  }
}
