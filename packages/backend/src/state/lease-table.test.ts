import { expect, it } from "vitest";
import { WorkStream } from "../dispatch/work-stream.ts";
import { LeaseTable } from "./lease-table.ts";
import type { ActivityLease } from "./work.ts";
import { createActivity } from "./work.ts";

const request = {
  $typeName: "GetWorkItemsRequest",
  maxConcurrentOrchestrationWorkItems: 1,
  maxConcurrentActivityWorkItems: 1,
  maxConcurrentEntityWorkItems: 0,
  workerInstanceId: "",
} as const;

function lease(token: string): ActivityLease {
  const event = { $typeName: "TaskScheduledEvent", name: "x", tags: {} } as const;
  const facts = { taskId: 1, event, instanceId: "i", executionId: "e", instance: undefined };
  const stream = new WorkStream({ ...request, capabilities: [] }, false, 1);
  return {
    kind: "activity",
    token,
    stream,
    since: 0,
    place: -1,
    taskId: 1,
    activity: createActivity(facts, 0),
  };
}

function add(table: LeaseTable): ActivityLease {
  const added = lease(`${table.newToken("epoch")}.1.e`);
  table.add(added);
  return added;
}

it("finds leases by the whole of their tokens, also where places are used again", () => {
  const table = new LeaseTable();
  const [first, second] = [add(table), add(table)];
  expect([table.get(first.token), table.get(second.token)]).toEqual([first, second]);
  expect(table.delete(first)).toBe(true);
  const third = add(table);
  expect(table.get(first.token)).toBeUndefined();
  expect(table.delete(first)).toBe(false);
  expect(table.get(third.token)).toBe(third);
  expect(table.size).toBe(2);
  for (const token of ["", "x", "epoch.0.99", "epoch.-1.1", `${third.token}x`, "epoch.length.1"])
    expect(table.get(token)).toBeUndefined();
});

it("lists leases in the order in which they were made, whatever places they have", () => {
  const table = new LeaseTable();
  const leases = Array.from({ length: 12 }, () => add(table));
  for (const old of leases.splice(0, 5)) table.delete(old);
  const made = [...leases, add(table), add(table)];
  expect(table.values().map(({ token }) => token)).toEqual(made.map(({ token }) => token));
});
