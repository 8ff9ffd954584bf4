import type { Batch, Store, StoredInstance } from "@durabletask/backend";
import type { HistoryEvent } from "@durabletask/protobuf";
import { expect } from "vitest";

/**
 * What is true of a store at every moment, whatever crashed before (decisions/013): every instance has a
 * dense history, ends at most once, and has each task answered at most once; children and parents agree. Looks at the
 * instances whose keys are above `after`.
 */
export async function expectInvariants(
  store: Store,
  after = 0,
): Promise<readonly StoredInstance[]> {
  const instances = await store.query({
    after,
    limit: 1_000_000,
    statuses: undefined,
    createdFrom: undefined,
    createdTo: undefined,
    idPrefix: "",
    payloads: true,
  });
  for (const instance of instances) await expectSound(store, instance);
  return instances;
}

/** Of all that was ever written, only those rows are left that the chain of an instance holds, and what is kept of one. */
export async function expectNoOrphans(store: Store, batches: readonly Batch[]): Promise<void> {
  const held = new Set<number>();
  const executions = new Set<string>();
  for (const { record } of await expectInvariants(store)) {
    executions.add(record.executionId);
    for (const { row } of await store.chain(record.tail)) held.add(row);
  }
  for (const { row } of batches.flatMap(({ log }) => log)) {
    if (!held.has(row)) expect(await store.chain(row)).toEqual([]);
  }
  for (const { executionId } of batches.flatMap(({ kept }) => kept)) {
    if (!executions.has(executionId)) expect(await store.kept(executionId)).toEqual([]);
  }
}

async function expectSound(store: Store, { record }: StoredInstance): Promise<void> {
  const rows = await store.chain(record.tail);
  expect(rows[0]).toMatchObject({ prev: 0, row: record.head });
  expect(rows.at(-1)?.row).toBe(record.tail);
  for (const [index, row] of rows.entries()) {
    expect(row.key).toBe(record.key);
    // What came, then the turn, which OrchestratorStarted heads.
    const heads = names(row.events).map((name) => name === "orchestratorStarted");
    expect(heads.indexOf(true)).toBe(row.consumed === undefined ? -1 : row.arrived);
    if (index > 0) expect(row.prev).toBe(rows[index - 1]?.row);
  }
  const events = rows.flatMap((row) => row.events);
  expect(names(events).filter((name) => name === "executionStarted")).toHaveLength(1);
  const ends = names(events).filter((name) => name === "executionCompleted");
  expect(ends).toHaveLength(record.completedAt === undefined ? 0 : 1);
  if (ends.length > 0) expect(names(events).at(-1)).toBe("executionCompleted");
  const arrived = rows.flatMap((row) => row.events.slice(0, row.arrived));
  const consumed = rows.reduce((sum, row) => sum + (row.consumed ?? 0), 0);
  expect(consumed).toBeLessThanOrEqual(arrived.length);
  expectAnsweredOnce(events);
}

/** No task has two answers, and no answer lacks its task. */
function expectAnsweredOnce(events: readonly HistoryEvent[]): void {
  const asked = new Set<number>();
  const answered = new Set<number>();
  for (const { eventId, eventType } of events) {
    if (eventId > 0 && eventType.case !== "executionCompleted") asked.add(eventId);
    const task = eventType.case === "timerFired" ? eventType.value.timerId : taskOf(eventType);
    if (task === undefined) continue;
    expect(asked).toContain(task);
    expect(answered).not.toContain(task);
    answered.add(task);
  }
}

function taskOf(eventType: HistoryEvent["eventType"]): number | undefined {
  switch (eventType.case) {
    case "taskCompleted":
    case "taskFailed":
    case "subOrchestrationInstanceCompleted":
    case "subOrchestrationInstanceFailed":
      return eventType.value.taskScheduledId;
    default:
      return undefined;
  }
}

function names(events: readonly HistoryEvent[]): (string | undefined)[] {
  return events.map(({ eventType }) => eventType.case);
}
