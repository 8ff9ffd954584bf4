import type { OrchestratorResponse } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { settle } from "../../test/scripted-hub.ts";
import {
  activityItem,
  ScriptedWorkerRun,
  started,
  turnItem,
} from "../../test/scripted-worker-run.ts";
import { defineActivity } from "../definition/activity.ts";
import { defineOrchestrator } from "../definition/orchestrator.ts";
import { TaskHubError, type TaskHubErrorCode } from "../errors.ts";

const mebibyte = 1024 * 1024;

/** Calls activities with inputs of these sizes, and waits for them. */
const callAll = defineOrchestrator("callAll", async (ctx, sizes: number[]) => {
  ctx.setCustomStatus("calling");
  await Promise.all(sizes.map((size) => ctx.callActivity("work", "x".repeat(size))));
});

const give = defineOrchestrator("give", async (_ctx, size: number) => "x".repeat(size));

async function begin(
  name: string,
  input: unknown,
  complete: (request: unknown, nth: number) => unknown = () => ({}),
): Promise<ScriptedWorkerRun> {
  const run = new ScriptedWorkerRun([callAll, give], { maximumCompletionBytes: mebibyte });
  run.hub.answer("completeOrchestratorTask", (request, _options, nth) => complete(request, nth));
  await run.worker.start();
  await settle();
  await run.send(turnItem("t1", { newEvents: started(name, JSON.stringify(input)) }));
  return run;
}

const refuse = (code: TaskHubErrorCode): never => {
  throw new TaskHubError(code, "message larger than max");
};

const shape = (responses: readonly OrchestratorResponse[]) =>
  responses.map(({ chunkIndex, isPartial, actions }) => [chunkIndex, isPartial, actions.length]);

function failureOf(response: OrchestratorResponse | undefined) {
  const type = response?.actions.at(-1)?.orchestratorActionType;
  return type?.case === "completeOrchestration" ? type.value.failureDetails : undefined;
}

describe("what comes of a turn", () => {
  it("goes out whole where it is small", async () => {
    const run = await begin("callAll", [10, 10]);
    expect(shape(run.turnResponses)).toEqual([[undefined, false, 2]]);
  });

  it("goes out by parts where it is large, each under the turn's token", async () => {
    const run = await begin("callAll", [600_000, 600_000, 300_000, 600_000]);
    expect(shape(run.turnResponses)).toEqual([
      [0, true, 1],
      [1, true, 2],
      [2, false, 1],
    ]);
    expect(
      run.turnResponses.map(({ completionToken, customStatus }) => [completionToken, customStatus]),
    ).toEqual(Array.from({ length: 3 }, () => ["t1", '"calling"']));
  });

  it("goes out whole where only the estimate is above the limit", async () => {
    const run = await begin("callAll", [1_000_000]);
    expect(shape(run.turnResponses)).toEqual([[undefined, false, 1]]);
  });

  it("is tried again part by part", async () => {
    const run = await begin("callAll", [600_000, 600_000], (_request, nth) =>
      nth === 1 ? refuse("UNAVAILABLE") : {},
    );
    await run.pass(1000);
    expect(shape(run.turnResponses)).toEqual([
      [0, true, 1],
      [1, false, 1],
      [1, false, 1],
    ]);
  });

  it("is handed back, and the rest not sent, if the hub is not there", async () => {
    const run = await begin("callAll", [600_000, 600_000], () => refuse("UNAVAILABLE"));
    await run.pass(300_000);
    expect(shape(run.turnResponses)).toEqual(Array.from({ length: 10 }, () => [0, true, 1]));
    expect(run.hub.callsOf("abandonTaskOrchestratorWorkItem")).toHaveLength(1);
  });
});

describe("a single call that is larger than a part", () => {
  it("goes alone, as hubs without a limit take it", async () => {
    const run = await begin("callAll", [2_000_000]);
    expect(shape(run.turnResponses)).toEqual([[undefined, false, 1]]);
    expect(failureOf(run.turnResponses[0])).toBeUndefined();
  });

  it.each<TaskHubErrorCode>(["RESOURCE_EXHAUSTED", "INVALID_ARGUMENT"])(
    "fails the instance for good, and says what to do, if the hub refuses it with %s",
    async (code) => {
      const run = await begin("callAll", [2_000_000], (_request, nth) =>
        nth === 0 ? refuse(code) : {},
      );
      expect(shape(run.turnResponses)).toEqual([
        [undefined, false, 1],
        [undefined, false, 1],
      ]);
      const failure = failureOf(run.turnResponses[1]);
      expect(failure).toMatchObject({ errorType: "PayloadTooLarge", isNonRetriable: true });
      expect(failure?.errorMessage).toBe(
        "activity 'work' (#1) takes 2.00 MB, which its task hub does not take: message larger than max. Pass a key or an address in place of the value, or split it; or let the hub take larger messages.",
      );
      expect(run.hub.callsOf("abandonTaskOrchestratorWorkItem")).toHaveLength(0);
    },
  );

  it("fails the instance too if the hub has taken parts before it", async () => {
    const run = await begin("callAll", [10, 2_000_000, 10], (_request, nth) =>
      nth === 1 ? refuse("RESOURCE_EXHAUSTED") : {},
    );
    expect(shape(run.turnResponses)).toEqual([
      [0, true, 1],
      [1, true, 1],
      [1, false, 1],
    ]);
    expect(failureOf(run.turnResponses[2])).toMatchObject({ errorType: "PayloadTooLarge" });
  });

  it("is the output as well", async () => {
    const run = await begin("give", 2_000_000, (_request, nth) =>
      nth === 0 ? refuse("RESOURCE_EXHAUSTED") : {},
    );
    expect(failureOf(run.turnResponses[1])?.errorMessage).toMatch(/^the end of the orchestration/u);
  });

  it("does not fail the instance when the hub is not there", async () => {
    const run = await begin("callAll", [2_000_000], () => refuse("UNAVAILABLE"));
    await run.pass(300_000);
    expect(run.turnResponses).toHaveLength(10);
    expect(run.turnResponses.some((response) => failureOf(response) !== undefined)).toBe(false);
    expect(run.hub.callsOf("abandonTaskOrchestratorWorkItem")).toHaveLength(1);
  });
});

describe("a result of an activity", () => {
  const produce = defineActivity("produce", (_ctx, size: number) => "\u{20AC}".repeat(size));

  it.each([
    ["that is too large for the hub fails the activity for good", 400_000, "PayloadTooLarge"],
    ["that is refused though it is small is handed back", 10, undefined],
  ])("%s", async (_name, size, errorType) => {
    const run = new ScriptedWorkerRun([produce], { maximumCompletionBytes: mebibyte });
    run.hub.answer("completeActivityTask", (_request, _options, nth) =>
      nth === 0 ? refuse("INVALID_ARGUMENT") : {},
    );
    await run.worker.start();
    await settle();
    await run.send(activityItem("produce", { input: `${size}` }));
    expect(run.activityResponses.at(-1)?.failureDetails?.errorType).toBe(errorType);
    const abandoned = run.hub.callsOf("abandonTaskActivityWorkItem").length;
    expect(abandoned).toBe(errorType === undefined ? 1 : 0);
  });
});
