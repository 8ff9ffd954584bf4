import { describe, expect, it } from "vitest";
import { completed, failed, raised, Rig, wordsOf } from "../../test/rig.ts";
import { TaskFailedError } from "../failure.ts";
import { whenAll, whenAny, whenEach } from "./combinators.ts";
import type { OrchestrationContext } from "./context.ts";
import { DurableTask } from "./durable-task.ts";
import { Flow } from "./flow.ts";
import type { Task } from "./task.ts";

type Ctx = OrchestrationContext;

describe("whenAll", () => {
  it("gives the results in the order of the tasks, whatever the order of their ends", async () => {
    const rig = new Rig(async (ctx: Ctx) =>
      whenAll([ctx.callActivity("a"), ctx.callActivity("b"), ctx.callActivity("c")]),
    );
    await rig.start();
    await rig.turn(completed(3, "c"), completed(1, "a"));
    expect(wordsOf(await rig.turn(completed(2, "b")))).toEqual([
      'complete COMPLETED ["a","b","c"]',
    ]);
  });

  it("of nothing completes at once, first or later", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const none = await whenAll([]);
      await ctx.callActivity("a");
      return [none, await whenAll([])];
    });
    await rig.start();
    expect(wordsOf(await rig.turn(completed(1)))).toEqual(["complete COMPLETED [[],[]]"]);
  });

  it("waits for all, and fails with every failure in task order, even for one", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      try {
        await whenAll([ctx.callActivity("a"), ctx.callActivity("b"), ctx.callActivity("c")]);
        return "no failure";
      } catch (error) {
        if (!(error instanceof AggregateError)) return "not an aggregate";
        return error.errors.map(
          (e: unknown) => e instanceof TaskFailedError && e.failure.errorType,
        );
      }
    });
    await rig.start();
    expect(wordsOf(await rig.turn(failed(3, "Third")))).toEqual([]);
    expect(wordsOf(await rig.turn(failed(1, "First")))).toEqual([]);
    expect(wordsOf(await rig.turn(completed(2)))).toEqual(['complete COMPLETED ["First","Third"]']);
  });

  it("counts tasks that have ended already, and a task that is given twice", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const a = ctx.callActivity<string>("a");
      await a;
      const b = ctx.callActivity<string>("b");
      return whenAll([a, b, b]);
    });
    await rig.start();
    await rig.turn(completed(1, "a"));
    expect(wordsOf(await rig.turn(completed(2, "b")))).toEqual([
      'complete COMPLETED ["a","b","b"]',
    ]);
  });

  it("nests", async () => {
    const rig = new Rig(async (ctx: Ctx) =>
      whenAll([whenAll([ctx.callActivity("a"), ctx.callActivity("b")]), ctx.callActivity("c")]),
    );
    await rig.start();
    expect(wordsOf(await rig.turn(completed(1, 1), completed(3, 3), completed(2, 2)))).toEqual([
      "complete COMPLETED [[1,2],3]",
    ]);
  });

  it("nests to any depth", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      let nested: Task<unknown> = ctx.callActivity("a");
      for (let depth = 0; depth < 20_000; depth += 1) nested = whenAll([nested]);
      await nested;
      return "done";
    });
    await rig.start();
    expect(wordsOf(await rig.turn(completed(1)))).toEqual(['complete COMPLETED "done"']);
  });

  it("says what it takes when given a promise", async () => {
    const rig = new Rig(async () => {
      const promise: unknown = Promise.resolve(1);
      return whenAll([promise as Task<number>]);
    });
    expect(wordsOf(await rig.start())[0]).toContain("use Promise.all");
  });
});

describe("whenAny", () => {
  it("tells which task won, and how, without throwing", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const [a, b] = [ctx.callActivity("a"), ctx.callActivity("b")];
      const first = await whenAny([a, b]);
      return [first.index, "error" in first, first.task === b];
    });
    await rig.start();
    expect(wordsOf(await rig.turn(failed(2)))).toEqual(["complete COMPLETED [1,true,true]"]);
  });

  it("gives the task itself to plain yields", async () => {
    const sync = function* (ctx: Ctx): Generator<unknown, boolean, never> {
      const timeout = ctx.createTimer({ days: 1 });
      const winner: unknown = yield whenAny([ctx.callActivity("a"), timeout]);
      return winner === timeout;
    };
    const async = async function* (ctx: Ctx): AsyncGenerator<unknown, boolean, never> {
      const timeout = ctx.createTimer({ days: 1 });
      const winner: unknown = yield whenAny([ctx.callActivity("a"), timeout]);
      return winner === timeout;
    };
    for (const style of [sync, async]) {
      const rig = new Rig(style);
      await rig.start();
      expect(wordsOf(await rig.turn(completed(2)))).toEqual(["complete COMPLETED false"]);
    }
  });

  it("prefers the first in order of those that have ended already", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const [a, b] = [ctx.callActivity("a"), ctx.callActivity("b")];
      await whenAll([a, b]);
      return (await whenAny([b, a])).index;
    });
    await rig.start();
    expect(wordsOf(await rig.turn(completed(1), completed(2)))).toEqual(["complete COMPLETED 0"]);
  });

  it("of nothing is a mistake that is named", async () => {
    const rig = new Rig(async () => whenAny([]));
    expect(wordsOf(await rig.start())[0]).toContain("at least one task");
  });

  it("lets a task be in two composites", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const a = ctx.callActivity("a");
      const b = ctx.callActivity("b");
      const [first, all] = [whenAny([a, b]), whenAll([a, b])];
      return [(await first).index, await all];
    });
    await rig.start();
    expect(wordsOf(await rig.turn(completed(2, 2)))).toEqual([]);
    expect(wordsOf(await rig.turn(completed(1, 1)))).toEqual(["complete COMPLETED [1,[1,2]]"]);
  });
});

describe("whenAny in a loop", () => {
  const calls = (ctx: Ctx, ...names: string[]): Task<unknown>[] =>
    names.map((name) => ctx.callActivity(name));

  /** Takes what ends out of the array until nothing is left. */
  function* inOrderOfEnd(open: Task<unknown>[]) {
    const order: unknown[] = [];
    while (open.length > 0) {
      const winner = yield* whenAny(open);
      order.push("value" in winner ? winner.value : "failed");
      open.splice(winner.index, 1);
    }
    return order;
  }

  it("over what is left gives each task as it ends", async () => {
    const rig = new Rig(function* (ctx: Ctx) {
      return yield* inOrderOfEnd(calls(ctx, "a", "b", "c", "d"));
    });
    await rig.start();
    await rig.turn(completed(1, "a"));
    await rig.turn(failed(3), completed(2, "b"));
    expect(wordsOf(await rig.turn(completed(4, "d")))).toEqual([
      'complete COMPLETED ["a","failed","b","d"]',
    ]);
  });

  it("sees tasks that ended while the code waited for something else", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const open = calls(ctx, "a", "b", "c");
      const order: number[] = [];
      while (open.length > 0) {
        const { index } = await whenAny(open);
        order.push(index);
        open.splice(index, 1);
        await ctx.waitForExternalEvent("go");
      }
      return order;
    });
    await rig.start();
    await rig.turn(completed(2), completed(3));
    await rig.turn(raised("go"), raised("go"));
    expect(wordsOf(await rig.turn(completed(1), raised("go")))).toEqual([
      "complete COMPLETED [1,1,0]",
    ]);
  });

  it("sees tasks that joined, left, moved or were given twice since the last time", async () => {
    const rig = new Rig(function* (ctx: Ctx) {
      const [a, b, c, d] = calls(ctx, "a", "b", "c", "d") as [
        Task<unknown>,
        Task<unknown>,
        Task<unknown>,
        Task<unknown>,
      ];
      const order: number[] = [];
      order.push((yield* whenAny([a, a, b, c])).index);
      order.push((yield* whenAny([a, b, c])).index);
      order.push((yield* whenAny([c, b])).index);
      order.push((yield* whenAny([c, d])).index);
      return order;
    });
    await rig.start();
    await rig.turn(completed(1));
    await rig.turn(completed(2));
    await rig.turn(completed(4));
    expect(wordsOf(await rig.turn(completed(3)))).toEqual(["complete COMPLETED [0,0,1,1]"]);
  });

  it("sees a task that was put into another composite since the last time", async () => {
    const rig = new Rig(function* (ctx: Ctx) {
      const open = calls(ctx, "a", "b", "c");
      open.splice((yield* whenAny(open)).index, 1);
      const all = whenAll(open);
      const { index } = yield* whenAny(open);
      return [index, yield* all];
    });
    await rig.start();
    await rig.turn(completed(1));
    await rig.turn(completed(3, "c"));
    expect(wordsOf(await rig.turn(completed(2, "b")))).toEqual([
      'complete COMPLETED [1,["b","c"]]',
    ]);
  });

  it("can share its tasks with another loop", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const tasks = calls(ctx, "a", "b", "c", "d");
      const loop = async (open: Task<unknown>[]): Promise<unknown[]> => {
        const order: unknown[] = [];
        while (open.length > 0) {
          const { index, task } = await whenAny(open);
          order.push(task.result);
          open.splice(index, 1);
        }
        return order;
      };
      return Promise.all([loop([...tasks]), loop(tasks.slice(1)), loop(tasks.toReversed())]);
    });
    await rig.start();
    await rig.turn(completed(2, "b"), completed(1, "a"));
    await rig.turn(completed(4, "d"));
    expect(wordsOf(await rig.turn(completed(3, "c")))).toEqual([
      'complete COMPLETED [["b","a","d","c"],["b","d","c"],["b","a","d","c"]]',
    ]);
  });

  it("leaves nothing behind on a task that never ends", () => {
    const flow = new Flow();
    const never = new DurableTask<unknown>(flow);
    let leaves = 0;
    never.observe({ settled: () => {}, leaves: () => (leaves += 1) < 0 });
    for (let i = 0; i < 1000; i += 1) {
      const ends = new DurableTask<unknown>(flow);
      void whenAny([never, ends]);
      ends.complete(i);
    }
    // Asked each time that the number of observers has doubled: were all kept, that would be ten times.
    expect(leaves).toBeGreaterThan(500);
  });
});

describe("whenEach", () => {
  it("gives tasks as they end, in both styles", async () => {
    const sync = function* (ctx: Ctx) {
      const order: unknown[] = [];
      for (const next of whenEach(["a", "b", "c"].map((name) => ctx.callActivity(name)))) {
        const ended = yield* next;
        order.push("value" in ended ? ended.value : "failed");
      }
      return order;
    };
    const async = async (ctx: Ctx) => {
      const order: unknown[] = [];
      for await (const ended of whenEach(["a", "b", "c"].map((name) => ctx.callActivity(name)))) {
        order.push("value" in ended ? ended.value : "failed");
      }
      return order;
    };
    for (const style of [sync, async]) {
      const rig = new Rig(style);
      await rig.start();
      await rig.turn(completed(3, "c"));
      expect(wordsOf(await rig.turn(failed(1), completed(2, "b")))).toEqual([
        'complete COMPLETED ["c","failed","b"]',
      ]);
    }
  });
});

describe("native combinators", () => {
  it("all, race and allSettled work on tasks", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const all = await Promise.all([ctx.callActivity("a"), ctx.callActivity("b")]);
      const race = await Promise.race([ctx.callActivity("c"), ctx.callActivity("d")]);
      const settled = await Promise.allSettled([ctx.callActivity("e"), ctx.callActivity("f")]);
      return [all, race, settled.map((s) => s.status)];
    });
    await rig.start();
    await rig.turn(completed(2, "b"), completed(1, "a"));
    await rig.turn(completed(4, "d"));
    expect(wordsOf(await rig.turn(failed(5), completed(6)))).toEqual([
      'complete COMPLETED [["a","b"],"d",["rejected","fulfilled"]]',
    ]);
  });
});

describe("the result of a task", () => {
  it("can be read once it has ended, and the error of one that failed is thrown", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const [good, bad] = [ctx.callActivity<string>("good"), ctx.callActivity("bad")];
      await whenAny([good]);
      await whenAny([bad]);
      const read = [good.result, good.getResult(), await good];
      try {
        return bad.getResult();
      } catch (error) {
        return [...read, error instanceof TaskFailedError && error.failure.errorType];
      }
    });
    await rig.start();
    expect(wordsOf(await rig.turn(completed(1, "a"), failed(2, "Bad")))).toEqual([
      'complete COMPLETED ["a","a","a","Bad"]',
    ]);
  });

  it("is no way to forget the await", async () => {
    const rig = new Rig(async (ctx: Ctx) => ctx.callActivity("a").result);
    expect(wordsOf(await rig.start()).at(-1)).toContain("TaskNotAwaitedError");
  });
});

describe("a task that fails before anybody awaits it (E12)", () => {
  it("keeps its error until then", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const early = ctx.callActivity("early");
      await ctx.waitForExternalEvent("go");
      try {
        await early;
        return "no failure";
      } catch {
        return "caught late";
      }
    });
    await rig.start();
    await rig.turn(failed(1));
    expect(wordsOf(await rig.turn(raised("go")))).toEqual(['complete COMPLETED "caught late"']);
  });

  it("yields its error from a loop that has already succeeded", async () => {
    const rig = new Rig(function* (ctx: Ctx) {
      const [a, b] = [ctx.callActivity("a"), ctx.callActivity("b")];
      yield* a;
      try {
        yield* b;
      } catch {
        return "caught";
      }
      return "no failure";
    });
    await rig.start();
    expect(wordsOf(await rig.turn(failed(2), completed(1)))).toEqual([
      'complete COMPLETED "caught"',
    ]);
  });
});

describe("grouping (E2)", () => {
  it("of completions into turns never changes what the code does", async () => {
    const program = async (ctx: Ctx) => {
      const seen: string[] = [];
      const branch = async (name: string) => {
        await ctx.callActivity(name);
        seen.push(name);
        await ctx.callActivity(`${name}2`);
        seen.push(`${name}2`);
      };
      await Promise.all([branch("a"), branch("b")]);
      return seen.join();
    };
    const together = new Rig(program);
    await together.start();
    await together.turn(completed(2), completed(1));
    const first = wordsOf(await together.turn(completed(4), completed(3)));
    const apart = new Rig(program);
    await apart.start();
    await apart.turn(completed(2));
    await apart.turn(completed(1));
    await apart.turn(completed(4));
    expect(wordsOf(await apart.turn(completed(3)))).toEqual(first);
    expect(first).toEqual(['complete COMPLETED "b,a,a2,b2"']);
  });
});

// E11: a history records calls in the order in which the code has made them. One promise more on the way changes it.
it("code that waits for the same tasks in several ways goes on in an order that never changes", async () => {
  const rig = new Rig(async (ctx: Ctx) => {
    const tasks = ["1", "2"].map((name) => ctx.callActivity(name));
    const each = async () => {
      for await (const { index } of whenEach(tasks)) ctx.callActivity(`each ${index}`);
    };
    const after = async (wait: PromiseLike<unknown>, name: string) => {
      await wait;
      ctx.callActivity(name);
    };
    await Promise.all([
      each(),
      ...tasks.map((task, index) => after(task, `task ${index}`)),
      after(whenAny(tasks), "any"),
      after(whenAll(tasks), "all"),
      after(Promise.all(tasks), "Promise.all"),
    ]);
  });
  await rig.start();
  const first = await rig.turn(completed(2));
  const second = await rig.turn(completed(1));
  expect(wordsOf(first)).toEqual(["schedule task 1 -", "schedule each 1 -", "schedule any -"]);
  expect(wordsOf(second)).toEqual([
    "schedule task 0 -",
    "schedule each 0 -",
    "schedule all -",
    "schedule Promise.all -",
    "complete COMPLETED -",
  ]);
});
