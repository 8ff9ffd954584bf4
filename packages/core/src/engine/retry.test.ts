import type { TaskFailureDetails } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import {
  childCompleted,
  childFailed,
  completed,
  failed,
  fired,
  Rig,
  wordsOf,
} from "../../test/rig.ts";
import { createFailure, TaskFailedError } from "../failure.ts";
import type { OrchestrationContext } from "./context.ts";
import type { Retry, RetryContext } from "./retry.ts";

type Ctx = OrchestrationContext;

/** Calls one activity with a retry, and tells how it ended. */
function calling(retry: Retry) {
  return async (ctx: Ctx) => {
    try {
      return await ctx.callActivity("a", 1, { retry, version: "7", tags: { team: "x" } });
    } catch (error) {
      if (!(error instanceof TaskFailedError)) throw error;
      return `${error.task.attempts} attempts, #${error.task.id}, ${error.failure.errorType}`;
    }
  };
}

const policy = {
  maxNumberOfAttempts: 3,
  firstRetryInterval: { seconds: 1 },
  backoffCoefficient: 2,
};

describe("a retry policy", () => {
  it("tries again with growing delays and fresh ids, keeping version and tags, and ends without a last timer", async () => {
    const rig = new Rig(calling(policy));
    const first = await rig.start();
    expect(wordsOf(await rig.turn(failed(1)))).toEqual(["timer +1000"]);
    rig.advance(1000);
    const second = await rig.turn(fired(2));
    expect(second.actions[0]?.id).toBe(3);
    const tags = { team: "x", "durabletask.first-attempt": "1" };
    expect(first.actions[0]?.orchestratorActionType.value).toMatchObject({ tags: { team: "x" } });
    expect(second.actions[0]?.orchestratorActionType.value).toMatchObject({ version: "7", tags });
    expect(wordsOf(await rig.turn(failed(3)))).toEqual(["timer +3000"]);
    rig.advance(2000);
    await rig.turn(fired(4));
    expect(wordsOf(await rig.turn(failed(5)))).toEqual([
      'complete COMPLETED "3 attempts, #5, Boom"',
    ]);
  });

  it("gives the result of the attempt that succeeds", async () => {
    const rig = new Rig(calling(policy));
    await rig.start();
    await rig.turn(failed(1));
    await rig.turn(fired(2));
    expect(wordsOf(await rig.turn(completed(3, "ok")))).toEqual(['complete COMPLETED "ok"']);
  });

  it("caps delays at maxRetryInterval, one hour by default", async () => {
    const rig = new Rig(calling({ ...policy, backoffCoefficient: 1e6, maxNumberOfAttempts: 9 }));
    await rig.start();
    await rig.turn(failed(1));
    await rig.turn(fired(2));
    expect(wordsOf(await rig.turn(failed(3)))).toEqual(["timer +3600000"]);
  });

  it("stops at once at a failure that is not retriable", async () => {
    const rig = new Rig(calling(policy));
    await rig.start();
    expect(wordsOf(await rig.turn(failed(1, createFailure("Fatal", "no use", true))))).toEqual([
      'complete COMPLETED "1 attempts, #1, Fatal"',
    ]);
  });

  it("stops when its time is up, by the orchestration's clock", async () => {
    const rig = new Rig(
      calling({ ...policy, maxNumberOfAttempts: 99, retryTimeout: { seconds: 3 } }),
    );
    await rig.start();
    await rig.turn(failed(1));
    rig.advance(2999);
    await rig.turn(fired(2));
    expect(wordsOf(await rig.turn(failed(3)))).toHaveLength(1);
    rig.advance(1);
    await rig.turn(fired(4));
    expect(wordsOf(await rig.turn(failed(5)))).toEqual([
      'complete COMPLETED "3 attempts, #5, Boom"',
    ]);
  });

  it("asks handleFailure, which sees the inner failure", async () => {
    const seen: (string | undefined)[] = [];
    const inner: TaskFailureDetails = {
      ...createFailure("Outer", "x"),
      innerFailure: createFailure("Inner", "y"),
    };
    for (const isWorthIt of [false, true]) {
      const rig = new Rig(
        calling({
          ...policy,
          handleFailure: (failure) => {
            seen.push(failure.innerFailure?.errorType);
            return isWorthIt;
          },
        }),
      );
      await rig.start();
      const [word] = wordsOf(await rig.turn(failed(1, inner)));
      expect(word).toMatch(isWorthIt ? /^timer/u : /^complete/u);
    }
    expect(new Set(seen)).toEqual(new Set(["Inner"]));
  });

  it.each([
    [{ maxNumberOfAttempts: 0 }],
    [{ maxNumberOfAttempts: 1.5 }],
    [{ maxNumberOfAttempts: Number.NaN }],
    [{ firstRetryInterval: { seconds: 0 } }],
    [{ backoffCoefficient: 0.5 }],
    [{ backoffCoefficient: Infinity }],
    [{ maxRetryInterval: { milliseconds: 1 } }],
    [{ retryTimeout: { milliseconds: 1 } }],
  ])("is refused with %j", async (part) => {
    const rig = new Rig(calling({ ...policy, ...part }));
    expect(wordsOf(await rig.start())[0]).toMatch(/FAILED InvalidArgumentError: retry\./u);
  });
});

describe("a retry handler", () => {
  it("decides by true or a duration, on the number of failures and the time", async () => {
    const seen: RetryContext[] = [];
    const rig = new Rig(
      calling((retry) => {
        seen.push(retry);
        if (retry.lastAttemptNumber === 1) return true;
        return retry.lastAttemptNumber === 2 ? { seconds: 5 } : false;
      }),
    );
    await rig.start();
    rig.advance(100);
    expect(wordsOf(await rig.turn(failed(1)))).toEqual(["schedule a 1"]);
    expect(wordsOf(await rig.turn(failed(2)))).toEqual(["timer +5100"]);
    await rig.turn(fired(3));
    expect(wordsOf(await rig.turn(failed(4)))).toEqual([
      'complete COMPLETED "3 attempts, #4, Boom"',
    ]);
    expect(seen[0]).toMatchObject({ lastAttemptNumber: 1, totalRetryTimeMs: 100 });
  });

  it.each([[false], [undefined], [null]])("gives up by answering %j", async (answer) => {
    const rig = new Rig(calling((() => answer) as Retry));
    await rig.start();
    expect(wordsOf(await rig.turn(failed(1)))[0]).toContain("1 attempts");
    expect(rig.warnings).toEqual([]);
  });

  it.each([
    ["answers with a number", () => 5],
    ["answers with a misspelt duration", () => ({ second: 1 })],
    ["is async", async () => true],
    ["throws", fails],
    ["is a handleFailure that throws", { ...policy, handleFailure: fails }],
    ["is an async handleFailure", { ...policy, handleFailure: async () => true }],
  ])(
    "that %s gives up with the failure it was asked about, and the log tells once",
    async (_, retry) => {
      const rig = new Rig(calling(retry as Retry));
      await rig.start();
      expect(wordsOf(await rig.turn(failed(1)))).toEqual([
        'complete COMPLETED "1 attempts, #1, Boom"',
      ]);
      // The rig runs each turn in two sessions.
      const warning = expect.stringContaining("retries of activity 'a' threw");
      expect(rig.warnings).toEqual([warning, warning]);
      await rig.replay();
      expect(rig.warnings).toHaveLength(2);
    },
  );
});

function fails(): never {
  throw new Error("no");
}

describe("retries of a child", () => {
  it("use its instance id again, chosen or derived", async () => {
    for (const instanceId of ["chosen", undefined]) {
      const rig = new Rig(async (ctx: Ctx) =>
        ctx.callSubOrchestrator("child", 1, { instanceId, retry: policy }),
      );
      const idOf = (turn: Awaited<ReturnType<Rig["start"]>>) => {
        const type = turn.actions[0]?.orchestratorActionType;
        return type?.case === "createSubOrchestration" ? type.value.instanceId : undefined;
      };
      const first = idOf(await rig.start());
      await rig.turn(childFailed(1, createFailure("Boom", "x")));
      rig.advance(1000);
      expect(idOf(await rig.turn(fired(2)))).toBe(first);
      expect(first?.length).toBeLessThanOrEqual(100);
      expect(wordsOf(await rig.turn(childCompleted(3, "ok")))).toEqual(['complete COMPLETED "ok"']);
    }
  });
});
