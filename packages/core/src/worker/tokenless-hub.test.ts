import { OrchestrationStatus } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { ScriptedHub, settle } from "../../test/scripted-hub.ts";
import {
  activityItem,
  event,
  ScriptedWorkerRun,
  started,
  turnItem,
} from "../../test/scripted-worker-run.ts";
import { TaskHubClient } from "../client/client.ts";
import { defineActivity } from "../definition/activity.ts";
import { defineOrchestrator } from "../definition/orchestrator.ts";
import { TaskHubError } from "../errors.ts";

/**
 * The dialect of durabletask-go, from its recorded answers: no completion tokens, no execution ids in work items, no abandoning;
 * an event that one orchestration sends to another arrives as the sender's record of it.
 */
async function begin(...definitions: ConstructorParameters<typeof ScriptedWorkerRun>[0]) {
  const run = new ScriptedWorkerRun(definitions);
  const unimplemented = (): never => {
    throw new TaskHubError("UNIMPLEMENTED", "unknown method");
  };
  run.hub
    .answer("abandonTaskActivityWorkItem", unimplemented)
    .answer("abandonTaskOrchestratorWorkItem", unimplemented);
  await run.worker.start();
  await settle();
  return run;
}

const turnStarts = event({ case: "orchestratorStarted", value: {} });
const call = defineOrchestrator("call", async (ctx) => ctx.callActivity<number>("next"));
const scheduled = event({ case: "taskScheduled", value: { name: "next" } }, 1);
const completed = event({ case: "taskCompleted", value: { taskScheduledId: 1, result: "1" } });
const extended = {
  IsExtendedSession: { kind: { case: "boolValue", value: true } },
  HistoryMark: { kind: { case: "stringValue", value: "" } },
} as const;

function outcome(run: ScriptedWorkerRun): unknown {
  const type = run.turnResponses.at(-1)?.actions.at(-1)?.orchestratorActionType;
  return type?.case === "completeOrchestration" ? type.value : undefined;
}

describe("a hub without completion tokens", () => {
  it("gets completions that name instance and task", async () => {
    const run = await begin(defineActivity("next", () => 1));
    await run.send(activityItem("next", { token: "", executionId: "", taskId: 7 }));
    expect(run.activityResponses).toMatchObject([
      { instanceId: "i", taskId: 7, completionToken: "", result: "1" },
    ]);
  });

  it("never finds a session: nothing tells which past it has seen", async () => {
    const add = defineOrchestrator("add", async (ctx, first: number) => {
      return first + (await ctx.callActivity<number>("next"));
    });
    const run = await begin(add);
    const request = { executionId: undefined, properties: extended };
    await run.send(turnItem("", { ...request, newEvents: started("add", "40") }));
    // The instance has begun anew meanwhile, with another input.
    await run.send(
      turnItem("", {
        ...request,
        pastEvents: [...started("add", "10"), scheduled],
        newEvents: [turnStarts, completed],
      }),
    );
    expect(outcome(run)).toMatchObject({ result: "11" });
  });

  it("is told once that work is handed back, and the log tells that it cannot take it", async () => {
    const run = await begin(call);
    await run.send(turnItem("", { newEvents: [turnStarts] }));
    await run.pass(60_000);
    expect(run.hub.callsOf("abandonTaskOrchestratorWorkItem")).toHaveLength(1);
    expect(run.warned).toEqual(["turn.failed", "abandon.refused"]);
    expect(run.hub.streams).toHaveLength(1);
  });

  it("gets no turn that was under way when the stream was lost: it would take it for a later one", async () => {
    const run = await begin(call);
    run.hub.answer("completeOrchestratorTask", () => {
      throw new TaskHubError("UNAVAILABLE", "gone");
    });
    await run.send(turnItem("", { newEvents: started("call") }));
    run.hub.workStream.end();
    run.hub.answer("completeOrchestratorTask", () => ({}));
    await run.pass(60_000);
    expect(run.turnResponses).toHaveLength(1);
    await run.send(turnItem("", { newEvents: started("call") }));
    expect(run.turnResponses).toHaveLength(2);
  });
});

describe("an event that was sent to this orchestration, as its sender has recorded it", () => {
  const wait = defineOrchestrator("wait", async (ctx) => {
    const first = await ctx.waitForExternalEvent<string>("news");
    await ctx.callActivity("next");
    return `${first} ${await ctx.waitForExternalEvent<string>("news")}`;
  });
  const sent = (input: string, id: number) =>
    event({ case: "eventSent", value: { instanceId: "i", name: "News", input } }, id);

  it("is one that was raised, when it comes and on replay", async () => {
    const run = await begin(wait);
    await run.send(turnItem("", { newEvents: [...started("wait"), sent('"good"', 4)] }));
    expect(run.turnResponses[0]?.actions).toMatchObject([{ id: 1 }]);
    await run.send(
      turnItem("", {
        pastEvents: [...started("wait"), sent('"good"', 4), scheduled],
        newEvents: [turnStarts, completed, sent('"bad"', 1)],
      }),
    );
    expect(outcome(run)).toMatchObject({ result: '"good bad"' });
  });

  it("is not taken for one where it is the orchestration's own record of an event to itself", async () => {
    const self = defineOrchestrator("self", async (ctx) => {
      ctx.sendEvent(ctx.instanceId, "news", "mine");
      return await ctx.waitForExternalEvent<string>("news");
    });
    const run = await begin(self);
    const pastEvents = [...started("self"), sent('"mine"', 1)];
    await run.send(turnItem("", { pastEvents, newEvents: [turnStarts] }));
    expect(outcome(run)).toBeUndefined();
    await run.send(turnItem("", { pastEvents, newEvents: [turnStarts, sent('"mine"', 1)] }));
    expect(outcome(run)).toMatchObject({ result: '"mine"' });
  });

  it("is a mismatch if it was sent to another one", async () => {
    const run = await begin(wait);
    const elsewhere = { instanceId: "other", name: "News" };
    const record = event({ case: "eventSent", value: elsewhere }, 4);
    await run.send(turnItem("", { newEvents: [...started("wait"), record] }));
    expect(outcome(run)).toMatchObject({ failureDetails: { errorType: "NonDeterminismError" } });
  });

  it("is a mismatch on a hub that delivers events as such", async () => {
    const run = await begin(wait);
    await run.send(turnItem("t1", { newEvents: [...started("wait"), sent('"good"', 4)] }));
    expect(outcome(run)).toMatchObject({
      orchestrationStatus: OrchestrationStatus.FAILED,
      failureDetails: { errorType: "NonDeterminismError" },
    });
  });
});

it("stale and repeated completions change nothing", async () => {
  const run = await begin(call);
  const stale = event({ case: "taskCompleted", value: { taskScheduledId: 9, result: "9" } });
  const timer = event({ case: "timerFired", value: { timerId: 1 } });
  const again = event({ case: "taskCompleted", value: { taskScheduledId: 1, result: "2" } });
  await run.send(
    turnItem("", {
      pastEvents: [...started("call"), scheduled],
      newEvents: [turnStarts, stale, timer, completed, again],
    }),
  );
  expect(outcome(run)).toMatchObject({ result: "1" });
});

it("an empty input, output or custom status of a state is none", async () => {
  const hub = new ScriptedHub().answer("getInstance", () => ({
    exists: true,
    orchestrationState: {
      instanceId: "i",
      name: "n",
      orchestrationStatus: OrchestrationStatus.COMPLETED,
      input: "",
      output: "",
      customStatus: "",
    },
  }));
  const state = await new TaskHubClient(hub).getOrchestrationState("i");
  expect([state?.output, state?.input, state?.customStatus]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(JSON.parse(JSON.stringify(state))).not.toHaveProperty("output");
});
