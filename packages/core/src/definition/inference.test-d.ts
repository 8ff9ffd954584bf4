import { describe, expectTypeOf, it } from "vitest";
import type { OrchestrationContext } from "../engine/context.ts";
import type { Task } from "../engine/task.ts";
import { whenAll, whenAny, whenEach } from "../engine/combinators.ts";
import { defineActivity } from "./activity.ts";
import { defineEvent } from "./event.ts";
import { defineOrchestrator, type OrchestratorDefinition } from "./orchestrator.ts";

const hello = defineActivity("hello", async (_ctx, name: string) => `Hello, ${name}!`);
const noInput = defineActivity("noInput", () => 42);
const dated = defineActivity("dated", (_ctx, day: string) => ({
  day,
  at: new Date(),
  big: () => 1,
}));
async function plain(_ctx: unknown, n: number): Promise<number> {
  return n + 1;
}
function* plainGenerator(ctx: OrchestrationContext, city: string) {
  const text: string = yield ctx.callActivity(hello, city);
  return text;
}
async function* plainAsyncGenerator(ctx: OrchestrationContext, city: string) {
  const text: string = yield ctx.callActivity(hello, city);
  return text;
}

describe("orchestrators", () => {
  it("infers input and output of async functions", () => {
    const greet = defineOrchestrator("greet", async (ctx, city: string) => {
      const text = await ctx.callActivity(hello, city);
      expectTypeOf(text).toEqualTypeOf<string>();
      expectTypeOf(await ctx.callActivity(noInput)).toEqualTypeOf<number>();
      expectTypeOf(await ctx.callActivity(plain, 3)).toEqualTypeOf<number>();
      expectTypeOf(await ctx.callActivity("other")).toEqualTypeOf<unknown>();
      expectTypeOf(await ctx.callActivity<boolean>("other", 1)).toEqualTypeOf<boolean>();
      return `${text}!`;
    });
    expectTypeOf(greet).toEqualTypeOf<OrchestratorDefinition<string, string>>();
  });

  it("infers input and output of generators with yield*", () => {
    const greet = defineOrchestrator("greet", function* (ctx, cities: string[]) {
      const text = yield* ctx.callActivity(hello, cities[0] ?? "");
      expectTypeOf(text).toEqualTypeOf<string>();
      const [first, second] = yield* whenAll([
        ctx.callActivity(hello, "a"),
        ctx.callActivity(noInput),
      ]);
      expectTypeOf(first).toEqualTypeOf<string>();
      expectTypeOf(second).toEqualTypeOf<number>();
      return text.length;
    });
    expectTypeOf(greet).toEqualTypeOf<OrchestratorDefinition<string[], number>>();
  });

  it("accepts plain yields in generators and async generators", () => {
    const a = defineOrchestrator("a", function* (ctx, city: string) {
      const text: string = yield ctx.callActivity(hello, city);
      return text;
    });
    const b = defineOrchestrator("b", async function* (ctx: OrchestrationContext, city: string) {
      const text: string = yield ctx.callActivity(hello, city);
      return text;
    });
    expectTypeOf(a).toEqualTypeOf<OrchestratorDefinition<string, string>>();
    expectTypeOf(b).toEqualTypeOf<OrchestratorDefinition<string, string>>();
  });

  it("sees results as JSON gives them back", () => {
    defineOrchestrator("json", async (ctx) => {
      const result = await ctx.callActivity(dated, "Monday");
      expectTypeOf(result).toEqualTypeOf<{ day: string; at: string }>();
    });
  });

  it("keeps continueAsNew out of the output", () => {
    const loop = defineOrchestrator("loop", async (ctx, n: number) => {
      if (n > 0) return ctx.continueAsNew(n - 1);
      return "done";
    });
    expectTypeOf(loop).toEqualTypeOf<OrchestratorDefinition<number, string>>();
  });

  it("types events, children and timers", () => {
    const approval = defineEvent<{ by: string }>("approval");
    const child = defineOrchestrator("child", async (_ctx, n: number) => n * 2);
    defineOrchestrator("parent", async (ctx) => {
      expectTypeOf(await ctx.waitForExternalEvent(approval)).toEqualTypeOf<{ by: string }>();
      expectTypeOf(await ctx.waitForExternalEvent("raw")).toEqualTypeOf<unknown>();
      expectTypeOf(await ctx.callSubOrchestrator(child, 1)).toEqualTypeOf<number>();
      expectTypeOf(await ctx.callSubOrchestrator(plain, 1)).toEqualTypeOf<number>();
      expectTypeOf(await ctx.callSubOrchestrator(plainGenerator, "a")).toEqualTypeOf<string>();
      expectTypeOf(await ctx.callSubOrchestrator(plainAsyncGenerator, "a")).toEqualTypeOf<string>();
      expectTypeOf(await ctx.createTimer({ seconds: 1 })).toEqualTypeOf<void>();
      ctx.sendEvent("id", approval, { by: "Ada" });
      // @ts-expect-error the payload has another type
      ctx.sendEvent("id", approval, { by: 1 });
    });
  });

  it("narrows the winner of whenAny by index", () => {
    defineOrchestrator("race", async (ctx) => {
      const call = ctx.callActivity(hello, "a");
      const winner = await whenAny([call, ctx.createTimer({ days: 1 })]);
      if (winner.index === 0 && "value" in winner) {
        expectTypeOf(winner.value).toEqualTypeOf<string>();
        expectTypeOf(winner.task).toEqualTypeOf<Task<string>>();
      }
      const many: Task<string>[] = [];
      const any = await whenAny(many);
      expectTypeOf(any.index).toEqualTypeOf<number>();
      expectTypeOf(await whenAll(many)).toEqualTypeOf<string[]>();
      for await (const ended of whenEach(many)) {
        if ("value" in ended) expectTypeOf(ended.value).toEqualTypeOf<string>();
      }
      expectTypeOf(await Promise.all([call, ctx.callActivity(noInput)])).toEqualTypeOf<
        [string, number]
      >();
    });
  });
});

describe("mistakes that the compiler finds", () => {
  it("wants the input that the callee takes", () => {
    defineOrchestrator("mistakes", async (ctx) => {
      // @ts-expect-error the input is missing
      await ctx.callActivity(hello);
      // @ts-expect-error the input has another type
      await ctx.callActivity(hello, 5);
      // @ts-expect-error a number is not a duration
      await ctx.createTimer(5);
    });
  });

  it("refuses an input that JSON changes", () => {
    // @ts-expect-error a Date comes back as a string
    defineActivity("at", (_ctx, at: Date) => at.getTime());
    // @ts-expect-error a Map comes back as an empty object
    defineOrchestrator("map", async (_ctx, map: Map<string, number>) => map.size);
  });
});
