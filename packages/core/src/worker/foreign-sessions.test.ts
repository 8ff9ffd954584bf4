import { expect, it } from "vitest";
import { settle } from "../../test/scripted-hub.ts";
import { event, ScriptedWorkerRun, started, turnItem } from "../../test/scripted-worker-run.ts";
import { defineOrchestrator } from "../definition/orchestrator.ts";
import type { TaskHubWorkerOptions } from "./options.ts";

/** Counts how often the code runs from its beginning. */
function counted() {
  const seen = { runs: 0 };
  const add = defineOrchestrator("add", async (ctx, first: number) => {
    seen.runs += 1;
    return first + (await ctx.callActivity<number>("next"));
  });
  return { add, seen };
}

async function begin(options: TaskHubWorkerOptions = {}) {
  const { add, seen } = counted();
  const run = new ScriptedWorkerRun([add], options);
  await run.worker.start();
  await settle();
  return { run, seen };
}

const past = [
  ...started("add", "40"),
  event({ case: "taskScheduled", value: { name: "next" } }, 1),
];
const fresh = [
  event({ case: "orchestratorStarted", value: {} }),
  event({ case: "taskCompleted", value: { taskScheduledId: 1, result: "2" } }),
];
const bool = (value: boolean) => ({ kind: { case: "boolValue" as const, value } });
const text = (value: string) => ({ kind: { case: "stringValue" as const, value } });

const header = "durabletask-extended-sessions";
const ends = { orchestratorActionType: { case: "completeOrchestration", value: { result: "42" } } };

it("a worker asks for sessions by a header, unless it keeps none", async () => {
  const { run } = await begin();
  expect(run.hub.callsOf("getWorkItems")[0]?.options.headers).toEqual({ [header]: "1" });
  const without = await begin({ sessions: false });
  expect(without.run.hub.callsOf("getWorkItems")[0]?.options.headers).toEqual({});
});

it("a hub that ignores the header gets each turn replayed from its history", async () => {
  const { run, seen } = await begin();
  await run.send(turnItem("t1", { newEvents: started("add", "40") }));
  await run.send(turnItem("t2", { pastEvents: past, newEvents: fresh }));
  expect(seen.runs).toBe(2);
  expect(run.turnResponses.map(({ requiresHistory }) => requiresHistory)).toEqual([false, false]);
  expect(run.turnResponses[1]?.actions).toMatchObject([ends]);
});

it("a hub that speaks of sessions without saying which past it means gets a replay", async () => {
  const { run, seen } = await begin();
  const properties = { IsExtendedSession: bool(true), IncludeState: bool(true) };
  await run.send(turnItem("t1", { properties, newEvents: started("add", "40") }));
  await run.send(turnItem("t2", { properties, pastEvents: past, newEvents: fresh }));
  expect(seen.runs).toBe(2);
  expect(run.turnResponses[1]?.actions).toMatchObject([ends]);
});

it("a hub that leaves out a history which the worker does not have is asked for it", async () => {
  const { run, seen } = await begin();
  const properties = { IsExtendedSession: bool(true), IncludeState: bool(false) };
  await run.send(turnItem("t2", { properties, newEvents: fresh }));
  expect(run.turnResponses).toMatchObject([{ requiresHistory: true, actions: [] }]);
  expect(seen.runs).toBe(0);
});

it("a hub that takes part gets the turn from the session", async () => {
  const { run, seen } = await begin();
  const properties = { IsExtendedSession: bool(true), IncludeState: bool(true) };
  await run.send(turnItem("t1", { properties, newEvents: started("add", "40") }));
  const marked = { ...properties, IncludeState: bool(false), HistoryMark: text("t1") };
  await run.send(turnItem("t2", { properties: marked, newEvents: fresh }));
  expect(seen.runs).toBe(1);
  expect(run.turnResponses[1]?.actions).toMatchObject([ends]);
});
