import {
  defineActivity,
  defineEvent,
  defineOrchestrator,
  EventTimeoutError,
  OrchestrationFailedError,
  TaskFailedError,
  whenAll,
  whenAny,
} from "@durabletask/core";
import { expect, it } from "vitest";
import { type Setting, World } from "./world.ts";

class PaymentDeclined extends Error {
  override name = "PaymentDeclined";
}

/** What the author of an orchestration can rely on. */
export function describeAuthoring(setting: Setting): void {
  const hello = defineActivity("hello", async (_ctx, name: string) => `Hello, ${name}!`);

  it("chains activities, in an async function and in a generator", async () => {
    const world = await World.open(setting);
    const async = defineOrchestrator("async", async (ctx, names: string[]) => {
      const greetings: string[] = [];
      for (const name of names) greetings.push(await ctx.callActivity(hello, name));
      return greetings;
    });
    const generator = defineOrchestrator("generator", function* (ctx, names: string[]) {
      const greetings: string[] = [];
      for (const name of names) greetings.push(yield* ctx.callActivity(hello, name));
      return greetings;
    });
    await world.work([hello, async, generator]);
    for (const orchestrator of [async, generator]) {
      const id = await world.client.scheduleNewOrchestration(orchestrator, ["Ada", "Grace"]);
      expect((await world.end(id)).output).toEqual(["Hello, Ada!", "Hello, Grace!"]);
    }
  });

  it("fans out to a thousand activities, and in again", async () => {
    const world = await World.open(setting);
    const square = defineActivity("square", (_ctx, n: number) => n * n);
    const sum = defineOrchestrator("sum", async (ctx, count: number) => {
      const tasks = Array.from({ length: count }, (_, n) => ctx.callActivity(square, n));
      const squares = await whenAll(tasks);
      return squares.reduce((total, n) => total + n, 0);
    });
    await world.work([square, sum]);
    const id = await world.client.scheduleNewOrchestration(sum, 1000);
    expect((await world.end(id)).output).toBe(332_833_500);
  });

  it("lets an error of a child's activity be recognised in the parent and at the client", async () => {
    const world = await World.open(setting);
    const pay = defineActivity("pay", () => {
      throw new PaymentDeclined("card expired", { cause: new Error("bank says no") });
    });
    const child = defineOrchestrator("child", async (ctx) => ctx.callActivity(pay));
    const parent = defineOrchestrator("parent", async (ctx) => {
      try {
        return await ctx.callSubOrchestrator(child);
      } catch (error) {
        if (error instanceof TaskFailedError && error.isCausedBy("PaymentDeclined")) throw error;
        return "not recognised";
      }
    });
    await world.work([pay, child, parent]);
    const id = await world.client.scheduleNewOrchestration(parent);
    const state = await world.end(id);
    expect(state.status).toBe("FAILED");
    expect(() => state.output).toThrow(OrchestrationFailedError);
    const chain: string[] = [];
    for (let f = state.failure; f !== undefined; f = f.innerFailure) chain.push(f.errorMessage);
    expect(chain.at(-2)).toBe("card expired");
    expect(chain.at(-1)).toBe("bank says no");
  });

  it("retries what fails, and tells how often", async () => {
    const world = await World.open(setting);
    let calls = 0;
    const flaky = defineActivity("flaky", () => {
      calls += 1;
      if (calls < 3) throw new Error(`failure ${calls}`);
      return calls;
    });
    const retry = { maxNumberOfAttempts: 5, firstRetryInterval: { minutes: 1 } };
    const patient = defineOrchestrator("patient", async (ctx) => {
      const before = ctx.currentUtcDateTime.getTime();
      const result = await ctx.callActivity(flaky, undefined, { retry });
      return [result, ctx.currentUtcDateTime.getTime() - before];
    });
    await world.work([flaky, patient]);
    const id = await world.client.scheduleNewOrchestration(patient);
    expect((await world.end(id)).output).toEqual([3, 120_000]);
  });

  it("retries a child under the same instance id", async () => {
    const world = await World.open(setting);
    let runs = 0;
    const child = defineOrchestrator("child", async (ctx) => {
      runs += 1;
      if (runs < 3) throw new Error("not yet");
      return ctx.instanceId;
    });
    const retry = { maxNumberOfAttempts: 5, firstRetryInterval: { seconds: 1 } };
    const parent = defineOrchestrator("parent", async (ctx) =>
      ctx.callSubOrchestrator(child, undefined, { instanceId: "the-child", retry }),
    );
    await world.work([child, parent]);
    const id = await world.client.scheduleNewOrchestration(parent);
    expect((await world.end(id)).output).toBe("the-child");
  });

  it("waits a month and a half in timers of at most three days", async () => {
    const world = await World.open(setting);
    const slow = defineOrchestrator("slow", async (ctx) => {
      const before = ctx.currentUtcDateTime.getTime();
      await ctx.createTimer({ days: 45 });
      return (ctx.currentUtcDateTime.getTime() - before) / 86_400_000;
    });
    await world.work([slow]);
    const id = await world.client.scheduleNewOrchestration(slow);
    expect((await world.end(id)).output).toBe(45);
    const history = await world.client.getOrchestrationHistory(id);
    expect(history.filter((event) => event.type === "timerFired")).toHaveLength(15);
  });

  it("waits for an approval, or for its time-out", async () => {
    const world = await World.open(setting);
    const approval = defineEvent<{ by: string }>("Approval");
    const request = defineOrchestrator("request", async (ctx) => {
      try {
        const { by } = await ctx.waitForExternalEvent(approval, { timeout: { days: 1 } });
        return `approved by ${by}`;
      } catch (error) {
        return error instanceof EventTimeoutError ? "timed out" : "failed";
      }
    });
    await world.work([request]);
    const approved = await world.client.scheduleNewOrchestration(request);
    await world.client.raiseOrchestrationEvent(approved, approval, { by: "Ada" });
    expect((await world.end(approved)).output).toBe("approved by Ada");
    const forgotten = await world.client.scheduleNewOrchestration(request);
    expect((await world.end(forgotten)).output).toBe("timed out");
  });

  it("sends events from one orchestration to another", async () => {
    const world = await World.open(setting);
    const listener = defineOrchestrator("listener", async (ctx) =>
      ctx.waitForExternalEvent<string>("greeting"),
    );
    const sender = defineOrchestrator("sender", async (ctx, to: string) => {
      ctx.sendEvent(to, "Greeting", `from ${ctx.instanceId}`);
      return "sent";
    });
    await world.work([listener, sender]);
    const to = await world.client.scheduleNewOrchestration(listener);
    const from = await world.client.scheduleNewOrchestration(sender, to, { instanceId: "me" });
    expect((await world.end(from)).output).toBe("sent");
    expect((await world.end(to)).output).toBe("from me");
  });

  it("continues as new a hundred times, and keeps events, tags and version", async () => {
    const world = await World.open(setting);
    const counter = defineOrchestrator("counter", async (ctx, n: number) => {
      if (n < 100) return ctx.continueAsNew(n + 1);
      const late = await ctx.waitForExternalEvent<string>("late");
      return [n, late, ctx.tags["team"], ctx.version];
    });
    await world.work([counter]);
    const id = await world.client.scheduleNewOrchestration(counter, 0, {
      tags: { team: "blue" },
      version: "1.5",
    });
    await world.client.raiseOrchestrationEvent(id, "late", "kept");
    expect((await world.end(id)).output).toEqual([100, "kept", "blue", "1.5"]);
    const history = await world.client.getOrchestrationHistory(id);
    expect(history.filter((event) => event.type === "executionStarted")).toHaveLength(1);
  });

  it("tells a child who its parent is, and nobody else", async () => {
    const world = await World.open(setting);
    const child = defineOrchestrator("child", async (ctx) => ctx.parent ?? null);
    const parent = defineOrchestrator("parent", async (ctx) => {
      await ctx.createTimer({ seconds: 1 });
      return ctx.callSubOrchestrator(child, undefined, { tags: { a: "b" } });
    });
    await world.work([child, parent]);
    const id = await world.client.scheduleNewOrchestration(parent, undefined, {
      instanceId: "p",
      version: "2",
    });
    expect((await world.end(id)).output).toEqual({
      instanceId: "p",
      taskScheduledId: 2,
      name: "parent",
      version: "2",
    });
    const alone = await world.client.scheduleNewOrchestration(child);
    expect((await world.end(alone)).output).toBeNull();
  });

  it("fails the call, and nothing else, when the child's id is taken by an active instance", async () => {
    const world = await World.open(setting);
    const waiting = defineOrchestrator("waiting", async (ctx) => ctx.waitForExternalEvent("never"));
    const parent = defineOrchestrator("parent", async (ctx) => {
      try {
        await ctx.callSubOrchestrator(waiting, undefined, { instanceId: "taken" });
        return "started";
      } catch (error) {
        return error instanceof TaskFailedError ? "refused" : "other";
      }
    });
    await world.work([waiting, parent]);
    await world.client.scheduleNewOrchestration(waiting, undefined, { instanceId: "taken" });
    const id = await world.client.scheduleNewOrchestration(parent);
    expect((await world.end(id)).output).toBe("refused");
  });

  it("lets a helper fail in one turn and be awaited in a later one (E12)", async () => {
    const world = await World.open(setting);
    const fails = defineActivity("fails", () => {
      throw new Error("early");
    });
    const late = defineOrchestrator("late", async (ctx) => {
      const helper = (async () => {
        await ctx.callActivity(fails);
      })();
      await ctx.createTimer({ hours: 1 });
      try {
        await helper;
        return "no failure";
      } catch {
        return "caught late";
      }
    });
    await world.work([fails, late]);
    const id = await world.client.scheduleNewOrchestration(late);
    expect((await world.end(id)).output).toBe("caught late");
  });

  it("races an activity against a timer, and cancels the timer", async () => {
    const world = await World.open(setting);
    const race = defineOrchestrator("race", async (ctx) => {
      const timer = ctx.createTimer({ days: 1 });
      const winner = await whenAny([ctx.callActivity(hello, "Ada"), timer]);
      timer.cancel();
      return winner.index === 0 && "value" in winner ? winner.value : "too late";
    });
    await world.work([hello, race]);
    const id = await world.client.scheduleNewOrchestration(race);
    expect((await world.end(id)).output).toBe("Hello, Ada!");
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
    "takes %s for a name like any other (E8)",
    async (name) => {
      const world = await World.open(setting);
      const activity = defineActivity(name, (_ctx, n: number) => n + 1);
      const orchestrator = defineOrchestrator(name, async (ctx, n: number) => {
        const result = await ctx.callActivity(activity, n);
        return [result, await ctx.waitForExternalEvent<string>(name)];
      });
      await world.work([activity, orchestrator]);
      const id = await world.client.scheduleNewOrchestration(orchestrator, 1, {
        instanceId: name,
        tags: Object.fromEntries([[name, "tag"]]),
      });
      await world.client.raiseOrchestrationEvent(id, name, "event");
      expect((await world.end(id)).output).toEqual([2, "event"]);
    },
  );
}
