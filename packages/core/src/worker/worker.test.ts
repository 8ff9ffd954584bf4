import { describe, expect, it } from "vitest";
import { settle } from "../../test/scripted-hub.ts";
import {
  activityItem,
  ScriptedWorkerRun,
  started,
  turnItem,
} from "../../test/scripted-worker-run.ts";
import { type ActivityContext, defineActivity } from "../definition/activity.ts";
import { defineOrchestrator } from "../definition/orchestrator.ts";
import { TaskHubError } from "../errors.ts";

const unavailable = (): never => {
  throw new TaskHubError("UNAVAILABLE", "the test says so");
};

const never = (): Promise<never> => new Promise(() => {});

/** An activity that runs until the test lets it end; counts its runs. */
function gated() {
  const gate = Promise.withResolvers<string>();
  const seen = { runs: 0, wasAborted: false };
  const activity = defineActivity("slow", async ({ signal }) => {
    seen.runs += 1;
    const result = await gate.promise;
    seen.wasAborted = signal.aborted;
    return result;
  });
  return { activity, seen, end: (result: string) => gate.resolve(result) };
}

describe("start", () => {
  it("does not wait for the hub unless told to", async () => {
    const run = new ScriptedWorkerRun([]);
    run.hub.answer("hello", never);
    await run.worker.start();
    expect(run.hub.streams).toHaveLength(0);
  });

  it("waits until the worker is connected, however often that fails at first", async () => {
    const run = new ScriptedWorkerRun([]);
    run.hub.answer("hello", (_request, _options, nth) => (nth < 3 ? unavailable() : {}));
    let isStarted = false;
    const starting = run.worker.start({ untilConnected: true }).then(() => (isStarted = true));
    await run.pass(3400);
    expect(isStarted).toBe(false);
    await run.pass(100);
    await starting;
    expect(run.hub.streams).toHaveLength(1);
    expect(run.warned).toEqual(Array.from({ length: 3 }, () => "worker.disconnected"));
  });

  it("fails when its time is up, says why, and leaves a stopped worker", async () => {
    const run = new ScriptedWorkerRun([]);
    run.hub.answer("hello", unavailable);
    const starting = run.worker.start({ untilConnected: true, timeout: { seconds: 5 } });
    const failed = expect(starting).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      cause: { code: "UNAVAILABLE" },
    });
    await run.pass(5000);
    await failed;
    expect(run.clock.next).toBeUndefined();
    run.hub.answer("hello", () => ({}));
    await run.worker.start({ untilConnected: true, timeout: { seconds: 5 } });
    expect(run.clock.next).toBeUndefined();
  });

  it("fails with the reason of its signal", async () => {
    const run = new ScriptedWorkerRun([]);
    run.hub.answer("hello", never);
    const caller = new AbortController();
    const starting = run.worker.start({ untilConnected: true, signal: caller.signal });
    await settle();
    caller.abort(new Error("enough"));
    await expect(starting).rejects.toThrow("enough");
    await expect(run.worker.start({ untilConnected: true, signal: caller.signal })).rejects.toThrow(
      "enough",
    );
    expect(run.hub.calls).toHaveLength(1);
  });

  it("fails if the worker is stopped meanwhile", async () => {
    const run = new ScriptedWorkerRun([]);
    run.hub.answer("hello", never);
    const starting = run.worker.start({ untilConnected: true });
    const failed = expect(starting).rejects.toMatchObject({ code: "CANCELLED" });
    await run.worker.stop();
    await failed;
  });
});

describe("stop", () => {
  it.each([
    ["hello is not answered", never],
    ["the hub cannot be reached", unavailable],
    ["the worker is connected", () => ({})],
  ])("ends at once while %s, and nothing follows", async (_name, hello) => {
    const run = new ScriptedWorkerRun([]);
    run.hub.answer("hello", hello);
    await run.worker.start();
    await settle();
    await run.worker.stop();
    expect(run.clock.next).toBeUndefined();
    const calls = run.hub.calls.length;
    await run.pass(3_600_000);
    expect(run.hub.calls).toHaveLength(calls);
  });
});

it("a worker that stops does not connect again when its stream is lost", async () => {
  const { activity, end } = gated();
  const run = new ScriptedWorkerRun([activity], { shutdownTimeout: { minutes: 1 } });
  await run.worker.start();
  await settle();
  await run.send(activityItem("slow"));
  const stopped = run.worker.stop();
  run.hub.workStream.end();
  await run.pass(30_000);
  end("done");
  await stopped;
  expect(run.activityResponses).toHaveLength(1);
  expect(run.hub.callsOf("hello")).toHaveLength(1);
});

it("a worker that stops delivers what has ended, whatever a transport throws at once as the rest is handed back", async () => {
  const { activity, end } = gated();
  const run = new ScriptedWorkerRun([activity], { concurrency: { activities: 1 } });
  const unary = run.hub.unary.bind(run.hub);
  const abandoned = new Set<unknown>();
  run.hub.unary = (method, request, options) => {
    if (method.localName !== "abandonTaskActivityWorkItem") return unary(method, request, options);
    abandoned.add("completionToken" in request && request.completionToken);
    return unavailable();
  };
  await run.worker.start({ untilConnected: true });
  await run.send(activityItem("slow", { token: "t1" }), activityItem("slow", { token: "t2" }));
  const stopped = run.worker.stop();
  end("done");
  await run.pass(10_000);
  await stopped;
  expect(run.activityResponses).toMatchObject([{ completionToken: "t1" }]);
  expect([...abandoned]).toEqual(["t2"]);
});

describe("work that is under way when a stream is lost", () => {
  it("goes on, uninterrupted, and is delivered on the next connection", async () => {
    const { activity, seen, end } = gated();
    const run = new ScriptedWorkerRun([activity]);
    await run.worker.start();
    await settle();
    await run.send(activityItem("slow"));
    run.hub.answer("hello", unavailable).answer("completeActivityTask", unavailable);
    run.hub.workStream.fail(new TaskHubError("UNAVAILABLE", "gone"));
    await run.pass(10_000);
    end("done");
    // An hour without a hub is longer than ten tries would last.
    await run.pass(3_600_000);
    expect(run.activityResponses).toHaveLength(1);
    run.hub.answer("hello", () => ({})).answer("completeActivityTask", () => ({}));
    await run.pass(30_000);
    expect(seen).toEqual({ runs: 1, wasAborted: false });
    expect(run.activityResponses.map(({ result }) => result)).toEqual(['"done"', '"done"']);
    expect(run.hub.callsOf("abandonTaskActivityWorkItem")).toHaveLength(0);
  });

  it("is not run twice when it comes again, and is delivered under the newest token", async () => {
    const { activity, seen, end } = gated();
    const run = new ScriptedWorkerRun([activity]);
    await run.worker.start();
    await settle();
    await run.send(activityItem("slow", { token: "t1" }));
    for (const token of ["t2", "t3"]) {
      run.hub.workStream.end();
      await run.pass(1000);
      await run.send(activityItem("slow", { token }));
    }
    end("done");
    await settle();
    expect(seen.runs).toBe(1);
    expect(run.activityResponses.map(({ completionToken }) => completionToken)).toEqual(["t3"]);
  });

  it("is delivered under the newest token too if its code had ended before it came again", async () => {
    const { activity, seen, end } = gated();
    const run = new ScriptedWorkerRun([activity]);
    await run.worker.start();
    await settle();
    await run.send(activityItem("slow", { token: "t1" }));
    run.hub.answer("completeActivityTask", unavailable);
    end("done");
    run.hub.workStream.end();
    await run.pass(550);
    await run.send(activityItem("slow", { token: "t2" }));
    run.hub.answer("completeActivityTask", () => ({}));
    await run.pass(1000);
    expect(seen.runs).toBe(1);
    expect(run.activityResponses.at(-1)).toMatchObject({ completionToken: "t2" });
  });

  it("is run again if it came again while its completion was on the way under an older token", async () => {
    const { activity, seen, end } = gated();
    const run = new ScriptedWorkerRun([activity]);
    // A hub that was restarted does not know the older token, and says nothing of it.
    const answer = Promise.withResolvers<object>();
    run.hub.answer("completeActivityTask", (_request, _options, nth) =>
      nth === 0 ? answer.promise : {},
    );
    await run.worker.start();
    await settle();
    await run.send(activityItem("slow", { token: "t1" }));
    run.hub.workStream.end();
    end("done");
    await run.pass(1000);
    await run.send(activityItem("slow", { token: "t2" }));
    answer.resolve({});
    await settle();
    expect(seen.runs).toBe(2);
    expect(run.activityResponses.map(({ completionToken }) => completionToken)).toEqual([
      "t1",
      "t2",
    ]);
  });

  it("is run again, too, if it came a third time while its completion was on the way under the second token", async () => {
    const { activity, seen, end } = gated();
    const run = new ScriptedWorkerRun([activity]);
    const answer = Promise.withResolvers<object>();
    run.hub.answer("completeActivityTask", (_request, _options, nth) =>
      nth === 0 ? answer.promise : {},
    );
    await run.worker.start();
    await settle();
    await run.send(activityItem("slow", { token: "t1" }));
    run.hub.workStream.end();
    await run.pass(1000);
    await run.send(activityItem("slow", { token: "t2" }));
    end("done");
    await settle();
    run.hub.workStream.end();
    await run.pass(1000);
    await run.send(activityItem("slow", { token: "t3" }));
    answer.resolve({});
    await settle();
    expect(seen.runs).toBe(2);
    expect(run.activityResponses.map(({ completionToken }) => completionToken)).toEqual([
      "t2",
      "t3",
    ]);
  });

  it("is delivered under the newest token, although the stream that brought that is lost as well", async () => {
    const { activity, seen, end } = gated();
    const run = new ScriptedWorkerRun([activity]);
    await run.worker.start();
    await settle();
    await run.send(activityItem("slow", { token: "t1" }));
    run.hub.workStream.end();
    await run.pass(1000);
    await run.send(activityItem("slow", { token: "t2" }));
    run.hub.workStream.end();
    await run.pass(1000);
    end("done");
    await settle();
    expect(seen.runs).toBe(1);
    expect(run.activityResponses.at(-1)).toMatchObject({ completionToken: "t2" });
  });

  it("is handed back under the newest token", async () => {
    const { activity } = gated();
    const run = new ScriptedWorkerRun([activity]);
    await run.worker.start();
    await settle();
    await run.send(activityItem("slow", { token: "t1" }));
    run.hub.workStream.end();
    await run.pass(1000);
    await run.send(activityItem("slow", { token: "t2" }));
    await run.stop();
    expect(run.hub.requests("abandonTaskActivityWorkItem")).toMatchObject([
      { completionToken: "t2" },
    ]);
  });

  it("is run again if it has ended meanwhile, and so is another call", async () => {
    let runs = 0;
    const quick = defineActivity("quick", () => (runs += 1));
    const { activity, seen } = gated();
    const run = new ScriptedWorkerRun([quick, activity]);
    await run.worker.start();
    await settle();
    await run.send(activityItem("slow"), activityItem("quick", { taskId: 2 }));
    run.hub.workStream.end();
    await run.pass(1000);
    await run.send(
      activityItem("quick", { taskId: 2 }),
      activityItem("slow", { executionId: "later" }),
      activityItem("slow", { taskId: 3 }),
    );
    expect([runs, seen.runs]).toEqual([2, 3]);
  });

  it("is run again once it has been delivered", async () => {
    const { activity, seen, end } = gated();
    const run = new ScriptedWorkerRun([activity]);
    await run.worker.start();
    await settle();
    await run.send(activityItem("slow", { token: "t1" }));
    run.hub.workStream.end();
    await run.pass(1000);
    end("done");
    await settle();
    await run.send(activityItem("slow", { token: "t2" }));
    expect(seen.runs).toBe(2);
    expect(run.activityResponses.map(({ completionToken }) => completionToken)).toEqual([
      "t1",
      "t2",
    ]);
  });

  it("is run again where the hub names no execution: it may be another call", async () => {
    const { activity, seen } = gated();
    const run = new ScriptedWorkerRun([activity]);
    await run.worker.start();
    await settle();
    await run.send(activityItem("slow", { executionId: "", token: "" }));
    run.hub.workStream.end();
    await run.pass(1000);
    await run.send(activityItem("slow", { executionId: "", token: "" }));
    expect(seen.runs).toBe(2);
  });

  it("is a turn, too", async () => {
    const gate = Promise.withResolvers<void>();
    const echo = defineOrchestrator("echo", async (_ctx, input: string) => input);
    const run = new ScriptedWorkerRun([echo]);
    run.hub.answer("completeOrchestratorTask", () => gate.promise.then(unavailable));
    await run.worker.start();
    await settle();
    await run.send(turnItem("t1", { newEvents: started("echo", '"hi"') }));
    run.hub.workStream.end();
    gate.resolve();
    await settle();
    run.hub.answer("completeOrchestratorTask", () => ({}));
    await run.pass(1000);
    expect(run.turnResponses).toHaveLength(2);
    expect(run.turnResponses[1]).toEqual(run.turnResponses[0]);
  });
});

describe("the context of an activity", () => {
  it("is whole in copies of it", async () => {
    const facts: Record<keyof ActivityContext, true> = {
      name: true,
      instanceId: true,
      taskId: true,
      idempotencyKey: true,
      version: true,
      tags: true,
      signal: true,
      logger: true,
    };
    const activity = defineActivity("copies", (ctx) => {
      const copy = { ...ctx };
      copy.logger.warn({ amount: 7 }, "by a copy");
      return [copy.idempotencyKey, ...Object.keys(copy)];
    });
    const run = new ScriptedWorkerRun([activity]);
    await run.worker.start();
    await settle();
    await run.send(activityItem("copies", { taskId: 3 }));
    const result = JSON.stringify(["i:e:3", ...Object.keys(facts)]);
    expect(run.activityResponses).toMatchObject([{ result }]);
    expect(run.warnings).toMatchObject([{ event: "activity.log", taskId: 3, amount: 7 }]);
  });

  it("has a logger whose methods can be handed on alone", async () => {
    const activity = defineActivity("hands", ({ logger: { warn, error } }) => {
      warn("alone");
      error({ amount: 7 }, "alone");
    });
    const run = new ScriptedWorkerRun([activity]);
    await run.worker.start();
    await settle();
    await run.send(activityItem("hands"));
    expect(run.warnings).toMatchObject([{ activity: "hands" }, { activity: "hands", amount: 7 }]);
  });
});

describe("a completion", () => {
  it("of an activity is on its way before what waited for its slot runs", async () => {
    const slow = gated();
    const sentBefore: number[] = [];
    const brief = defineActivity("brief", () => sentBefore.push(run.activityResponses.length));
    const run = new ScriptedWorkerRun([slow.activity, brief], { concurrency: { activities: 1 } });
    await run.worker.start();
    await settle();
    const waiting = [2, 3, 4].map((taskId) =>
      activityItem("brief", { token: `t${taskId}`, taskId }),
    );
    await run.send(activityItem("slow"), ...waiting);
    expect(sentBefore).toEqual([]);
    slow.end("done");
    await settle();
    expect(sentBefore).toEqual([1, 2, 3]);
    expect(run.activityResponses.map(({ taskId }) => taskId)).toEqual([1, 2, 3, 4]);
  });

  it("of a turn is on its way before what waited for its slot runs", async () => {
    const sentBefore: number[] = [];
    const long = defineOrchestrator("long", async () => {});
    const brief = defineOrchestrator("brief", async () => {
      sentBefore.push(run.turnResponses.length);
    });
    const run = new ScriptedWorkerRun([long, brief], { concurrency: { orchestrations: 1 } });
    await run.worker.start();
    await settle();
    const waiting = [2, 3, 4].map((n) =>
      turnItem(`t${n}`, { instanceId: `i${n}`, newEvents: started("brief") }),
    );
    await run.send(turnItem("t1", { newEvents: started("long") }), ...waiting);
    expect(sentBefore).toEqual([1, 2, 3]);
  });

  it("that keeps failing while the worker is connected is handed back after ten tries", async () => {
    const run = new ScriptedWorkerRun([defineActivity("quick", () => 1)]);
    run.hub.answer("completeActivityTask", unavailable);
    await run.worker.start();
    await settle();
    await run.send(activityItem("quick"));
    await run.pass(120_000);
    expect(run.activityResponses).toHaveLength(10);
    expect(run.hub.callsOf("abandonTaskActivityWorkItem")).toHaveLength(1);
  });

  it("that breaks each connection is not sent for ever", async () => {
    const run = new ScriptedWorkerRun([defineActivity("quick", () => 1)]);
    run.hub.answer("completeActivityTask", () => {
      run.hub.workStream.end();
      unavailable();
    });
    await run.worker.start();
    await settle();
    await run.send(activityItem("quick"));
    await run.pass(3_600_000);
    expect(run.activityResponses).toHaveLength(10);
  });

  it("of what the hub does not know any more is dropped", async () => {
    const run = new ScriptedWorkerRun([defineActivity("quick", () => 1)]);
    run.hub.answer("completeActivityTask", () => {
      throw new TaskHubError("NOT_FOUND", "unknown instance");
    });
    await run.worker.start();
    await settle();
    await run.send(activityItem("quick"));
    await run.pass(120_000);
    expect(run.activityResponses).toHaveLength(1);
    expect(run.hub.callsOf("abandonTaskActivityWorkItem")).toHaveLength(0);
    expect(run.hub.streams).toHaveLength(1);
  });
});

describe("a hub that sends more than the worker has said that it takes", () => {
  it("does not hold the event loop until all of it has run", async () => {
    let runs = 0;
    const busy = defineActivity("busy", () => {
      runs += 1;
      run.clock.advance(4);
    });
    const run = new ScriptedWorkerRun([busy], { concurrency: { activities: 10 } });
    await run.worker.start({ untilConnected: true });
    const seen: number[] = [];
    const items = Array.from({ length: 30 }, (_, taskId) =>
      activityItem("busy", { taskId, token: `t${taskId}` }),
    );
    run.hub.workStream.push(...items);
    while (runs < items.length) {
      await new Promise(setImmediate);
      seen.push(runs);
    }
    expect(seen.filter((count) => count > 0)).toEqual([8, 16, 24, 30]);
    expect(run.activityResponses).toHaveLength(30);
  });

  it("leaves what waits for the event loop to others when the worker is stopped", async () => {
    let runs = 0;
    const busy = defineActivity("busy", () => {
      runs += 1;
      run.clock.advance(20);
    });
    const run = new ScriptedWorkerRun([busy]);
    await run.worker.start({ untilConnected: true });
    const tokens = Array.from({ length: 10 }, (_, n) => `t${n}`);
    run.hub.workStream.push(...tokens.map((token) => activityItem("busy", { token })));
    while (runs === 0) await new Promise(setImmediate);
    await run.stop();
    expect(runs).toBe(8);
    const abandoned = run.hub.requests("abandonTaskActivityWorkItem") as {
      completionToken: string;
    }[];
    expect(abandoned.map(({ completionToken }) => completionToken)).toEqual(["t8", "t9"]);
  });
});
