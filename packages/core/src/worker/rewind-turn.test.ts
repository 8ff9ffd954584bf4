import type { HistoryEvent, OrchestratorAction } from "@durabletask/protobuf";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { type Past, RewritingHub } from "../../test/rewriting-hub.ts";
import { settle } from "../../test/scripted-hub.ts";
import { event, ScriptedWorkerRun, started, turnItem } from "../../test/scripted-worker-run.ts";
import { defineOrchestrator } from "../definition/orchestrator.ts";

const { COMPLETED, FAILED } = OrchestrationStatus;

const completed = (taskScheduledId: number, result: string) =>
  event({ case: "taskCompleted", value: { taskScheduledId, result } });
const failed = (taskScheduledId: number, errorMessage = "broken") =>
  event({
    case: "taskFailed",
    value: { taskScheduledId, failureDetails: { errorType: "Error", errorMessage } },
  });
const fired = (timerId: number) => event({ case: "timerFired", value: { timerId } });
const rewound = event({ case: "executionRewound", value: { reason: "mended" } });

async function begin(
  past: Past,
  ...definitions: ConstructorParameters<typeof ScriptedWorkerRun>[0]
) {
  const run = new ScriptedWorkerRun(definitions);
  await run.worker.start();
  await settle();
  return { run, hub: new RewritingHub(run, past) };
}

function ids(actions: readonly OrchestratorAction[]) {
  return actions.map(({ id, orchestratorActionType: type }) => [id, type.case]);
}

function end(actions: readonly OrchestratorAction[]): unknown {
  const type = actions.at(-1)?.orchestratorActionType;
  return type?.case === "completeOrchestration"
    ? [type.value.orchestrationStatus, type.value.result ?? type.value.failureDetails?.errorMessage]
    : undefined;
}

function kinds(history: readonly HistoryEvent[]) {
  return history.map(({ eventType }) => eventType.case);
}

describe.each(["live", "replayed"] as const)(
  "a rewind that the hub leaves to a %s worker",
  (past) => {
    const sequence = defineOrchestrator("sequence", async (ctx) => [
      ctx.newGuid(),
      await ctx.callActivity("before"),
      await ctx.callActivity("broken"),
    ]);

    it("is one action with the history until the failure, without the call that failed", async () => {
      const { hub } = await begin(past, sequence);
      await hub.turn(...started("sequence"));
      await hub.turn(completed(1, '"kept"'));
      expect(end(await hub.turn(failed(2)))).toMatchObject([
        FAILED,
        expect.stringContaining("broken"),
      ]);
      const actions = await hub.turn(rewound);
      expect(ids(actions)).toEqual([[-1, "rewindOrchestration"]]);
      expect(kinds(hub.history).join(" ")).toBe(
        "orchestratorStarted executionStarted taskScheduled orchestratorCompleted " +
          "orchestratorStarted taskCompleted orchestratorCompleted " +
          "orchestratorStarted executionRewound orchestratorCompleted",
      );
    });

    it("lets the code ask again for what failed, and go on with what it had", async () => {
      const { hub } = await begin(past, sequence);
      await hub.turn(...started("sequence"));
      await hub.turn(completed(1, '"kept"'));
      await hub.turn(failed(2));
      await hub.turn(rewound);
      expect(ids(await hub.turn())).toEqual([[2, "scheduleTask"]]);
      const [status, output] = Object(end(await hub.turn(completed(2, '"mended"'))));
      expect(status).toBe(COMPLETED);
      expect(JSON.parse(output)).toEqual([expect.any(String), "kept", "mended"]);
    });

    it("keeps the execution, and with it the ids that the code has made", async () => {
      const guids = defineOrchestrator("guids", async (ctx) => {
        await ctx.callActivity("told", ctx.newGuid());
        return await ctx.callActivity("broken", ctx.newGuid());
      });
      const { hub } = await begin(past, guids);
      await hub.turn(...started("guids"));
      const inputOf = ([action]: readonly OrchestratorAction[]) =>
        action?.orchestratorActionType.case === "scheduleTask" &&
        action.orchestratorActionType.value.input;
      const before = inputOf(await hub.turn(completed(1, "1")));
      await hub.turn(failed(2));
      await hub.turn(rewound);
      expect(inputOf(await hub.turn())).toBe(before);
    });

    it("can be followed by another one", async () => {
      const { hub } = await begin(past, sequence);
      await hub.turn(...started("sequence"));
      await hub.turn(completed(1, '"kept"'));
      for (let i = 0; i < 3; i += 1) {
        expect(end(await hub.turn(failed(2)))).toMatchObject([FAILED, expect.any(String)]);
        await hub.turn(rewound);
        expect(ids(await hub.turn())).toEqual([[2, "scheduleTask"]]);
      }
      expect(end(await hub.turn(completed(2, '"mended"')))).toMatchObject([
        COMPLETED,
        expect.any(String),
      ]);
    });

    it("takes the retries back with the call, timers included", async () => {
      const retry = { maxNumberOfAttempts: 2, firstRetryInterval: { seconds: 1 } };
      const retried = defineOrchestrator("retried", async (ctx) =>
        ctx.callActivity("broken", undefined, { retry }),
      );
      const { hub } = await begin(past, retried);
      await hub.turn(...started("retried"));
      await hub.turn(failed(1));
      await hub.turn(fired(2));
      expect(end(await hub.turn(failed(3)))).toMatchObject([FAILED, expect.any(String)]);
      await hub.turn(rewound);
      expect(ids(await hub.turn())).toEqual([[1, "scheduleTask"]]);
      // The retries are new ones, too.
      expect(ids(await hub.turn(failed(1)))).toEqual([[2, "createTimer"]]);
      expect(ids(await hub.turn(fired(2)))).toEqual([[3, "scheduleTask"]]);
      expect(end(await hub.turn(completed(3, '"mended"')))).toEqual([COMPLETED, '"mended"']);
    });

    it("keeps what came of other branches, also after the end", async () => {
      const branches = defineOrchestrator("branches", async (ctx) =>
        Promise.all(["a", "b", "c"].map((name) => ctx.callActivity(name))),
      );
      const { hub } = await begin(past, branches);
      await hub.turn(...started("branches"));
      await hub.turn(completed(1, '"a"'));
      await hub.turn(failed(2));
      // This hub gives an ended instance what comes too late.
      await hub.turn(completed(3, '"c"'));
      await hub.turn(rewound);
      expect(ids(await hub.turn())).toEqual([[2, "scheduleTask"]]);
      expect(end(await hub.turn(completed(2, '"b"')))).toEqual([COMPLETED, '["a","b","c"]']);
    });

    it("keeps the calls of children, so that the hub rewinds those that have failed", async () => {
      const parent = defineOrchestrator("parent", async (ctx) => ctx.callSubOrchestrator("child"));
      const { hub } = await begin(past, parent);
      await hub.turn(...started("parent"));
      const value = {
        taskScheduledId: 1,
        failureDetails: { errorType: "Error", errorMessage: "no" },
      };
      await hub.turn(event({ case: "subOrchestrationInstanceFailed", value }));
      await hub.turn(rewound);
      expect(kinds(hub.history)).toContain("subOrchestrationInstanceCreated");
      expect(kinds(hub.history)).not.toContain("subOrchestrationInstanceFailed");
      expect(await hub.turn()).toEqual([]);
      const done = { taskScheduledId: 1, result: '"done"' };
      const answer = event({ case: "subOrchestrationInstanceCompleted", value: done });
      expect(end(await hub.turn(answer))).toEqual([COMPLETED, '"done"']);
    });

    it("asks again for timers that were open: the hub may have let them go", async () => {
      const timed = defineOrchestrator("timed", async (ctx) => {
        await Promise.all([ctx.createTimer({ hours: 1 }), ctx.callActivity("broken")]);
        return "both";
      });
      const { hub } = await begin(past, timed);
      await hub.turn(...started("timed"));
      await hub.turn(failed(2));
      await hub.turn(rewound);
      expect(ids(await hub.turn())).toEqual([
        [1, "createTimer"],
        [2, "scheduleTask"],
      ]);
      await hub.turn(fired(1), fired(1));
      expect(end(await hub.turn(completed(2, "1")))).toEqual([COMPLETED, '"both"']);
    });

    it("goes on though it was suspended", async () => {
      const { hub } = await begin(past, sequence);
      await hub.turn(...started("sequence"));
      await hub.turn(completed(1, '"kept"'), failed(2));
      await hub.turn(event({ case: "executionSuspended", value: {} }));
      await hub.turn(rewound);
      expect(ids(await hub.turn())).toEqual([[2, "scheduleTask"]]);
    });

    it("takes what comes with it as well", async () => {
      const { hub } = await begin(past, sequence);
      await hub.turn(...started("sequence"));
      await hub.turn(failed(1));
      await hub.turn(event({ case: "eventRaised", value: { name: "news" } }), rewound);
      expect(kinds(hub.history)).toContain("eventRaised");
      expect(ids(await hub.turn())).toEqual([[1, "scheduleTask"]]);
    });
  },
);

it("a child learns of the new execution of its parent", async () => {
  const { run } = await begin("replayed");
  const parent = { instanceId: "p", executionId: "old" };
  const value = { name: "child", parentInstance: { orchestrationInstance: parent } };
  await run.send(
    turnItem("t", {
      pastEvents: [
        ...started("child").slice(0, 1),
        event({ case: "executionStarted", value }),
        event({ case: "executionCompleted", value: { orchestrationStatus: FAILED } }),
      ],
      newEvents: [event({ case: "executionRewound", value: { parentExecutionId: "new" } })],
    }),
  );
  const type = run.turnResponses[0]?.actions[0]?.orchestratorActionType;
  const history = type?.case === "rewindOrchestration" ? type.value.newHistory : [];
  expect(history.map(({ eventType }) => eventType.value)).toMatchObject([
    {},
    { parentInstance: { orchestrationInstance: { instanceId: "p", executionId: "new" } } },
    { parentExecutionId: "new" },
  ]);
});

it("a rewind that the hub has made itself only wakes the code", async () => {
  const call = defineOrchestrator("call", async (ctx) => ctx.callActivity("broken"));
  const { run } = await begin("replayed", call);
  await run.send(turnItem("t", { pastEvents: started("call"), newEvents: [rewound] }));
  expect(run.turnResponses.map(({ actions }) => ids(actions))).toEqual([[[1, "scheduleTask"]]]);
});
