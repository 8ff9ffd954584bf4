import { create } from "@bufbuild/protobuf";
import { type HistoryChunk, HistoryChunkSchema } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { ScriptedStream, settle } from "../../test/scripted-hub.ts";
import { event, ScriptedWorkerRun, started, turnItem } from "../../test/scripted-worker-run.ts";
import { defineOrchestrator } from "../definition/orchestrator.ts";
import { TaskHubError } from "../errors.ts";

const sum = defineOrchestrator("sum", async (ctx, first: number) => {
  return first + (await ctx.callActivity<number>("next"));
});

const past = [
  ...started("sum", "40"),
  event({ case: "taskScheduled", value: { name: "next" } }, 1),
];
const fresh = [
  event({ case: "orchestratorStarted", value: {} }),
  event({ case: "taskCompleted", value: { taskScheduledId: 1, result: "2" } }),
];

const chunk = (events: HistoryChunk["events"]): HistoryChunk =>
  create(HistoryChunkSchema, { events });

/** A worker that has got a turn without its past, and the streams of history that it asked for. */
async function begin(): Promise<{
  run: ScriptedWorkerRun;
  history: () => ScriptedStream;
}> {
  const run = new ScriptedWorkerRun([sum]);
  const streams: ScriptedStream[] = [];
  run.hub.answer("streamInstanceHistory", (_request, { signal }) => {
    const stream = new ScriptedStream(signal);
    streams.push(stream);
    return stream;
  });
  await run.worker.start();
  await settle();
  await run.send(turnItem("t1", { requiresHistoryStreaming: true, newEvents: fresh }));
  const history = (): ScriptedStream => {
    const [stream, ...others] = streams;
    if (stream === undefined || others.length > 0) throw new Error("one stream was expected");
    return stream;
  };
  return { run, history };
}

const handedBack = (run: ScriptedWorkerRun): unknown =>
  run.hub.requests("abandonTaskOrchestratorWorkItem");

it("says that it can read a history by parts", async () => {
  const { run } = await begin();
  expect(run.hub.requests("getWorkItems")).toMatchObject([{ capabilities: [1] }]);
});

it("reads the past of a turn that comes without it", async () => {
  const { run, history } = await begin();
  expect(run.hub.requests("streamInstanceHistory")).toMatchObject([
    { instanceId: "i", executionId: "e", forWorkItemProcessing: true },
  ]);
  history().push(chunk(past.slice(0, 1)));
  await run.pass(29_000);
  history().push(chunk(past.slice(1)));
  await run.pass(29_000);
  history().end();
  await settle();
  const action = run.turnResponses[0]?.actions[0]?.orchestratorActionType;
  expect(action).toMatchObject({ case: "completeOrchestration", value: { result: "42" } });
  expect(run.clock.next).toBeUndefined();
});

it("hands the turn back if reading fails, and does not fail the orchestration", async () => {
  const { run, history } = await begin();
  history().push(chunk(past));
  history().fail(new TaskHubError("INTERNAL", "the hub stumbled"));
  await settle();
  expect(handedBack(run)).toMatchObject([{ completionToken: "t1" }]);
  expect(run.turnResponses).toEqual([]);
  expect(run.warned).toEqual(["turn.failed"]);
  expect(history().isAborted).toBe(true);
});

it("hands the turn back if what comes is not a history", async () => {
  const { run, history } = await begin();
  history().end();
  await settle();
  expect(handedBack(run)).toMatchObject([{ completionToken: "t1" }]);
  expect(run.turnResponses).toEqual([]);
});

it("gives up a history that does not go on", async () => {
  const { run, history } = await begin();
  history().push(chunk(past));
  await run.pass(30_000);
  expect(history().isAborted).toBe(true);
  expect(handedBack(run)).toMatchObject([{ completionToken: "t1" }]);
});

it("stops reading, and hands the turn back, when the worker stops", async () => {
  const { run, history } = await begin();
  history().push(chunk(past));
  await settle();
  const before = run.clock.now();
  await run.worker.stop();
  expect(run.clock.now()).toBe(before);
  expect(history().isAborted).toBe(true);
  expect(handedBack(run)).toMatchObject([{ completionToken: "t1" }]);
  expect(run.warned).toEqual([]);
});

it("reads nothing for a session that has seen the past itself", async () => {
  const run = new ScriptedWorkerRun([sum]);
  await run.worker.start();
  await settle();
  const bool = (value: boolean) => ({ kind: { case: "boolValue" as const, value } });
  const properties = { IsExtendedSession: bool(true), IncludeState: bool(true) };
  await run.send(turnItem("t1", { properties, newEvents: started("sum", "40") }));
  const mark = { kind: { case: "stringValue" as const, value: "t1" } };
  await run.send(
    turnItem("t2", {
      properties: { ...properties, HistoryMark: mark },
      requiresHistoryStreaming: true,
      newEvents: fresh,
    }),
  );
  expect(run.hub.callsOf("streamInstanceHistory")).toHaveLength(0);
  expect(run.turnResponses).toHaveLength(2);
});
