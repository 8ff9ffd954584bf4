import { createMemoryStore } from "@durabletask/backend";
import {
  type ActivityContext,
  type AnyActivityFunction,
  type AnyOrchestratorFunction,
  type OrchestrationContext,
  type OrchestrationState,
  type Retry,
  type Task,
  TaskFailedError,
  TaskHubWorker,
  whenAll,
  whenAny,
} from "@durabletask/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Setting, World } from "./scenarios/world.ts";

/**
 * Orchestrators as people have them who come from `@microsoft/durabletask-js` and Durable Functions: generators with a plain
 * `yield`, named functions, hardly any types. They have to run as they are; only their imports change.
 */

/** What that SDK says of everything that comes and goes. */
type Anything = ReturnType<typeof JSON.parse>;

const settings: readonly Setting[] = [
  { name: "live sessions", createStore: createMemoryStore, worker: {} },
  { name: "every turn replayed", createStore: createMemoryStore, worker: { sessions: false } },
  { name: "one session", createStore: createMemoryStore, worker: { sessions: { count: 1 } } },
];

/** Registers plain functions under their own names, as that SDK does. */
async function open(
  setting: Setting,
  orchestrators: readonly AnyOrchestratorFunction[],
  activities: readonly AnyActivityFunction[] = [],
): Promise<World> {
  const world = await World.open(setting);
  const { clock, logger } = world;
  const worker = new TaskHubWorker(world.hub, { clock, logger, ...setting.worker });
  for (const orchestrator of orchestrators) worker.addOrchestrator(orchestrator);
  for (const activity of activities) worker.addActivity(activity);
  onTestFinished(() => worker.stop());
  await worker.start();
  return world;
}

/** Schedules by name, and waits for the end. */
async function run(world: World, name: string, input?: unknown): Promise<OrchestrationState> {
  return await world.end(await world.client.scheduleNewOrchestration(name, input));
}

const translate = async (_: ActivityContext, word: string): Promise<string> =>
  word.split("").reverse().join("");

function countWords(_: ActivityContext, page: number): number {
  return page * 10;
}

for (const setting of settings) {
  describe(`orchestrators in the style of the JavaScript SDK, with ${setting.name}`, () => {
    it("chain activities, by function and by name, in every kind of generator", async () => {
      async function* asyncChain(ctx: OrchestrationContext, words: string[]): Anything {
        const translated = [];
        for (const word of words) translated.push(yield ctx.callActivity(translate, word));
        translated.push(yield ctx.callActivity("translate", "end"));
        return translated;
      }
      function* syncChain(ctx: OrchestrationContext, words: string[]): Anything {
        const translated = [];
        for (const word of words) translated.push(yield ctx.callActivity(translate, word));
        translated.push(yield ctx.callActivity("translate", "end"));
        return translated;
      }
      const world = await open(setting, [asyncChain, syncChain], [translate]);
      for (const chain of [asyncChain, syncChain]) {
        const id = await world.client.scheduleNewOrchestration(chain, ["ab", "cd"]);
        expect((await world.end(id)).output).toEqual(["ba", "dc", "dne"]);
        expect((await run(world, chain.name, ["xy"])).output).toEqual(["yx", "dne"]);
      }
    });

    it("may be without types of their own", async () => {
      async function* book(ctx: OrchestrationContext, pages: number[]) {
        const first: number = yield ctx.callActivity(countWords, pages[0] ?? 0);
        const title: string = yield ctx.callActivity(translate, "koob");
        return `${title}: ${first}`;
      }
      const world = await open(setting, [book], [countWords, translate]);
      const id = await world.client.scheduleNewOrchestration(book, [7]);
      const { output } = await world.end(id);
      expect(output satisfies string).toBe("book: 70");
    });

    it("may be no generators at all", async () => {
      const nothing = async (): Promise<void> => {};
      const atOnce = (_: OrchestrationContext, input: number) => input + 1;
      const world = await open(setting, [nothing, atOnce]);
      expect((await run(world, "nothing")).output).toBeUndefined();
      expect((await run(world, "atOnce", 1)).output).toBe(2);
    });

    it("fan out and in", async () => {
      async function listPages(): Promise<number[]> {
        return [1, 2, 3, 4, 5];
      }
      async function* wordCount(ctx: OrchestrationContext): Anything {
        const pages: number[] = yield ctx.callActivity(listPages);
        const tasks: Task<number>[] = [];
        for (const page of pages) tasks.push(ctx.callActivity(countWords, page));
        const counts: number[] = yield whenAll(tasks);
        const none: number[] = yield whenAll([]);
        return [counts.reduce((sum, count) => sum + count, 0), none];
      }
      const world = await open(setting, [wordCount], [listPages, countWords]);
      expect((await run(world, "wordCount")).output).toEqual([150, []]);
    });

    it("throw in whenAll what failed, and go on", async () => {
      function half(_: ActivityContext, n: number): number {
        if (n % 2 === 1) throw new RangeError(`${n} is odd`);
        return n / 2;
      }
      async function* halves(ctx: OrchestrationContext, numbers: number[]): Anything {
        try {
          return yield whenAll(numbers.map((n) => ctx.callActivity(half, n)));
        } catch (e: Anything) {
          const types = e.errors.map((error: Anything) => error instanceof TaskFailedError);
          return [types, yield ctx.callActivity(half, 100)];
        }
      }
      const world = await open(setting, [halves], [half]);
      expect((await run(world, "halves", [2, 4])).output).toEqual([1, 2]);
      expect((await run(world, "halves", [1, 2, 3])).output).toEqual([[true, true], 50]);
    });

    it("race a human against a timer, compare the winner, and cancel the loser", async () => {
      const asked: string[] = [];
      async function askBoss(_: ActivityContext, what: string): Promise<void> {
        asked.push(what);
      }
      async function* purchase(ctx: OrchestrationContext, what: string): Anything {
        yield ctx.callActivity(askBoss, what);
        const answer = ctx.waitForExternalEvent<Anything>("answer");
        const deadline = new Date(ctx.currentUtcDateTime.getTime() + 24 * 60 * 60 * 1000);
        const timeout = ctx.createTimer(deadline);
        const winner = yield whenAny([answer, timeout]);
        if (winner == timeout) return "no answer";
        if (!timeout.isCompleted) timeout.cancel();
        const { by } = answer.getResult();
        return answer.result === (yield answer) ? `bought, says ${by}` : "two answers";
      }
      const world = await open(setting, [purchase], [askBoss]);
      const answered = await world.client.scheduleNewOrchestration(purchase, "a desk");
      await world.client.raiseOrchestrationEvent(answered, "Answer", { by: "Ada" });
      const before = world.clock.now();
      expect((await world.end(answered)).output).toBe("bought, says Ada");
      expect(world.clock.now() - before).toBeLessThan(86_400_000);
      expect((await run(world, "purchase", "a boat")).output).toBe("no answer");
      expect(asked).toEqual(["a desk", "a boat"]);
    });

    it("get the winner even if it failed, and its error when they yield it", async () => {
      async function refuse(): Promise<void> {
        throw new Error("no");
      }
      function* race(ctx: OrchestrationContext): Anything {
        const call = ctx.callActivity(refuse);
        const timer = ctx.createTimer(new Date(ctx.currentUtcDateTime.getTime() + 60_000));
        const winner: Task<unknown> = yield whenAny([timer, call]);
        timer.cancel();
        try {
          yield winner;
          return "succeeded";
        } catch (e: Anything) {
          return [winner === call, winner.isFailed, e.failure.errorMessage];
        }
      }
      const world = await open(setting, [race], [refuse]);
      expect((await run(world, "race")).output).toEqual([true, true, "no"]);
    });

    it("call children, by function and by name, and choose their ids", async () => {
      async function* child(ctx: OrchestrationContext, word: string): Anything {
        return [ctx.instanceId, yield ctx.callActivity(translate, word), ctx.parent?.name];
      }
      async function* family(ctx: OrchestrationContext): Anything {
        const [first, second] = yield whenAll([
          ctx.callSubOrchestrator(child, "ab", { instanceId: "first" }),
          ctx.callSubOrchestrator("child", "cd", { instanceId: "second" }),
        ]);
        return [first, second, (yield ctx.callSubOrchestrator(child, "ef"))[1]];
      }
      const world = await open(setting, [child, family], [translate]);
      expect((await run(world, "family")).output).toEqual([
        ["first", "ba", "family"],
        ["second", "dc", "family"],
        "fe",
      ]);
    });

    it.each([true, false])("continue as new, with saved events: %s", async (saveEvents) => {
      async function* rounds(ctx: OrchestrationContext, round: number): Anything {
        if (round === 0) {
          // Both events are there before the first round ends; nobody has waited for the second one.
          yield ctx.waitForExternalEvent("go");
          yield ctx.createTimer(new Date(ctx.currentUtcDateTime.getTime() + 1000));
          ctx.continueAsNew(round + 1, saveEvents);
          return;
        }
        const kept = ctx.waitForExternalEvent("kept");
        const soon = ctx.createTimer(new Date(ctx.currentUtcDateTime.getTime() + 1000));
        const winner = yield whenAny([kept, soon]);
        return winner === kept ? [round, yield kept] : [round, "lost"];
      }
      const world = await open(setting, [rounds]);
      const id = await world.client.scheduleNewOrchestration(rounds, 0);
      await world.client.raiseOrchestrationEvent(id, "go");
      await world.client.raiseOrchestrationEvent(id, "kept", "here");
      expect((await world.end(id)).output).toEqual([1, saveEvents ? "here" : "lost"]);
    });

    it("collect events in a loop until somebody sends the last one", async () => {
      async function* collector(ctx: OrchestrationContext): Anything {
        const items: string[] = [];
        while (true) {
          const item: string = yield ctx.waitForExternalEvent("item");
          if (item === "stop") break;
          items.push(item);
          ctx.setCustomStatus({ items: items.length });
        }
        ctx.setCustomStatus("collected");
        return items;
      }
      async function* sender(ctx: OrchestrationContext, to: string): Anything {
        for (const item of ["a", "b", "stop"]) {
          ctx.sendEvent(to, "item", item);
          yield ctx.createTimer(new Date(ctx.currentUtcDateTime.getTime() + 500));
        }
      }
      const world = await open(setting, [collector, sender]);
      const id = await world.client.scheduleNewOrchestration(collector);
      expect((await run(world, "sender", id)).status).toBe("COMPLETED");
      const { output, customStatus } = await world.end(id);
      expect(output).toEqual(["a", "b"]);
      expect(customStatus).toBe("collected");
    });

    it("make ids and read the clock, the same on every replay", async () => {
      const seen: string[] = [];
      async function note(_: ActivityContext, what: string): Promise<void> {
        seen.push(what);
      }
      async function* ids(ctx: OrchestrationContext): Anything {
        const made = [ctx.newGuid(), ctx.newGuid()];
        const startedAt = ctx.currentUtcDateTime;
        yield ctx.callActivity(note, made.join());
        const wakeUpAt = new Date(startedAt.getTime());
        wakeUpAt.setUTCDate(wakeUpAt.getUTCDate() + 2);
        yield ctx.createTimer(wakeUpAt);
        const days = (ctx.currentUtcDateTime.getTime() - startedAt.getTime()) / 86_400_000;
        return [made, days >= 2, ctx.currentUtcDateTime >= wakeUpAt];
      }
      const world = await open(setting, [ids], [note]);
      const { output } = await run(world, "ids");
      const [made = ""] = seen;
      expect(output).toEqual([made.split(","), true, true]);
      expect(new Set(made.split(",")).size).toBe(2);
    });

    it("retry by a policy, and catch what fails for good", async () => {
      let calls = 0;
      async function flaky(_: ActivityContext, failures: number): Promise<string> {
        calls += 1;
        if (calls <= failures) throw new Error(`failure ${calls}`);
        return `done at ${calls}`;
      }
      async function* patient(ctx: OrchestrationContext, failures: number): Anything {
        const retry: Retry = {
          maxNumberOfAttempts: 3,
          firstRetryInterval: { seconds: 1 },
          backoffCoefficient: 2,
        };
        const startedAt = ctx.currentUtcDateTime.getTime();
        try {
          const result: string = yield ctx.callActivity(flaky, failures, { retry });
          return [result, ctx.currentUtcDateTime.getTime() - startedAt];
        } catch (e: Anything) {
          return e instanceof TaskFailedError ? e.failure.errorMessage : "something else";
        }
      }
      const world = await open(setting, [patient], [flaky]);
      expect((await run(world, "patient", 2)).output).toEqual(["done at 3", 3000]);
      calls = 0;
      expect((await run(world, "patient", 9)).output).toBe("failure 3");
      expect(calls).toBe(3);
    });

    it("undo what was done, in catch and finally", async () => {
      const log: string[] = [];
      async function write(_: ActivityContext, line: string): Promise<void> {
        if (line === "explode") throw new Error("bang");
        log.push(line);
      }
      async function* transaction(ctx: OrchestrationContext): Anything {
        try {
          yield ctx.callActivity(write, "begin");
          yield ctx.callActivity(write, "explode");
        } catch {
          yield ctx.callActivity(write, "undo");
        } finally {
          yield ctx.callActivity(write, "end");
        }
        throw new TypeError("after all");
      }
      const world = await open(setting, [transaction], [write]);
      const { status, failure } = await run(world, "transaction");
      expect([status, failure?.errorType, failure?.errorMessage]).toEqual([
        "FAILED",
        "TypeError",
        "after all",
      ]);
      expect(log).toEqual(["begin", "undo", "end"]);
    });

    it("delegate to parts of themselves", async () => {
      async function* both(ctx: OrchestrationContext, words: string[]): Anything {
        const done: string[] = [];
        for (const word of words) done.push(yield ctx.callActivity(translate, word));
        return done;
      }
      async function* whole(ctx: OrchestrationContext): Anything {
        const first = yield* both(ctx, ["ab"]);
        const second = yield* both(ctx, ["cd"]);
        return [...first, ...second];
      }
      const world = await open(setting, [whole], [translate]);
      expect((await run(world, "whole")).output).toEqual(["ba", "dc"]);
    });

    it("run on the context of Durable Functions, which is a few lines around ours", async () => {
      /** What an application that moves over writes once, instead of changing each orchestrator. */
      function functionsContext(ctx: OrchestrationContext, input: unknown): Anything {
        const df = {
          getInput: () => input,
          callActivity: (name: string, input?: unknown) => ctx.callActivity(name, input),
          createTimer: (at: Date) => ctx.createTimer(at),
          waitForExternalEvent: (name: string) => ctx.waitForExternalEvent(name),
          continueAsNew: (input: unknown) => ctx.continueAsNew(input, false),
          setCustomStatus: (status: unknown) => ctx.setCustomStatus(status),
          get currentUtcDateTime() {
            return ctx.currentUtcDateTime;
          },
          Task: { all: whenAll, any: whenAny },
        };
        return { df };
      }
      const verifyPhone = function* (context: Anything): Anything {
        const { phone, tries } = context.df.getInput();
        const code = yield context.df.callActivity("sendCode", phone);
        const expiry = new Date(context.df.currentUtcDateTime.getTime() + 90_000);
        const timeout = context.df.createTimer(expiry);
        for (let attempt = 1; attempt <= tries; attempt++) {
          context.df.setCustomStatus(`attempt ${attempt}`);
          const response = context.df.waitForExternalEvent("response");
          const winner = yield context.df.Task.any([response, timeout]);
          if (winner === timeout) return "too late";
          if (response.result === code) {
            timeout.cancel();
            return `verified at attempt ${attempt}`;
          }
        }
        timeout.cancel();
        context.df.continueAsNew({ phone, tries: tries + 1 });
      };
      const phone = (ctx: OrchestrationContext, input: unknown): Anything =>
        verifyPhone(functionsContext(ctx, input));
      async function sendCode(_: ActivityContext, to: string): Promise<number> {
        return to.length;
      }
      const world = await open(setting, [phone], [sendCode]);
      const input = { phone: "555-0100", tries: 1 };
      const id = await world.client.scheduleNewOrchestration("phone", input);
      for (const response of [1, 2, 8]) {
        await world.client.raiseOrchestrationEvent(id, "response", response);
        await world.idle();
      }
      expect((await world.end(id)).output).toBe("verified at attempt 2");
      expect((await run(world, "phone", input)).output).toBe("too late");
    });
  });
}
