import { describe, expect, it } from "vitest";
import {
  completed,
  failed,
  fired,
  raised,
  Rig,
  startMs,
  terminated,
  wordsOf,
} from "../../test/rig.ts";
import { whenAll } from "./combinators.ts";
import type { OrchestrationContext } from "./context.ts";

describe("authoring styles", () => {
  it("runs an async function", async () => {
    const rig = new Rig(
      async (ctx: OrchestrationContext, name: string) => {
        const greeting = await ctx.callActivity<string>("hello", name);
        return `${greeting}!`;
      },
      { input: "Ada" },
    );
    expect(wordsOf(await rig.start())).toEqual(['schedule hello "Ada"']);
    expect(wordsOf(await rig.turn(completed(1, "Hello, Ada")))).toEqual([
      'complete COMPLETED "Hello, Ada!"',
    ]);
  });

  it("runs a generator with yield*", async () => {
    const rig = new Rig(function* (ctx: OrchestrationContext) {
      const a = yield* ctx.callActivity<number>("a");
      const b = yield* ctx.callActivity<number>("b", a);
      return a + b;
    });
    expect(wordsOf(await rig.start())).toEqual(["schedule a -"]);
    expect(wordsOf(await rig.turn(completed(1, 1)))).toEqual(["schedule b 1"]);
    expect(wordsOf(await rig.turn(completed(2, 2)))).toEqual(["complete COMPLETED 3"]);
  });

  it("runs a generator and an async generator with plain yield", async () => {
    const sync = function* (ctx: OrchestrationContext): Generator<unknown, number, never> {
      const a: number = yield ctx.callActivity("a");
      return a + 1;
    };
    const async = async function* (
      ctx: OrchestrationContext,
    ): AsyncGenerator<unknown, number, never> {
      const a: number = yield ctx.callActivity("a");
      return a + 1;
    };
    for (const style of [sync, async]) {
      const rig = new Rig(style);
      await rig.start();
      expect(wordsOf(await rig.turn(completed(1, 1)))).toEqual(["complete COMPLETED 2"]);
    }
  });

  it("throws the failure of a task into generators of both kinds", async () => {
    const styles = [
      function* (ctx: OrchestrationContext): Generator<unknown, string, never> {
        try {
          yield ctx.callActivity("a");
          return "no failure";
        } catch {
          return "caught";
        }
      },
      function* (ctx: OrchestrationContext) {
        try {
          yield* ctx.callActivity("a");
          return "no failure";
        } catch {
          return "caught";
        }
      },
      async function* (ctx: OrchestrationContext): AsyncGenerator<unknown, string, never> {
        try {
          yield ctx.callActivity("a");
          return "no failure";
        } catch {
          return "caught";
        }
      },
    ];
    for (const style of styles) {
      const rig = new Rig(style);
      await rig.start();
      expect(wordsOf(await rig.turn(failed(1)))).toEqual(['complete COMPLETED "caught"']);
    }
  });

  it("awaits a task that is returned, also in a generator", async () => {
    const rig = new Rig(function* (ctx: OrchestrationContext) {
      yield* ctx.waitForExternalEvent("go");
      return ctx.callActivity("a");
    });
    await rig.start();
    await rig.turn(raised("go"));
    expect(wordsOf(await rig.turn(completed(1, "a")))).toEqual(['complete COMPLETED "a"']);
  });

  it("refuses a task as an input, which was meant to be awaited", async () => {
    const rig = new Rig(async (ctx: OrchestrationContext) =>
      ctx.callActivity("b", ctx.callActivity("a")),
    );
    expect(wordsOf(await rig.start()).at(-1)).toContain("used as a value instead of being awaited");
  });

  it("takes the plain value of a function that is neither", async () => {
    expect(wordsOf(await new Rig(() => 7).start())).toEqual(["complete COMPLETED 7"]);
  });

  it("fails the instance when the function throws at once", async () => {
    const rig = new Rig(() => {
      throw new TypeError("no");
    });
    expect(wordsOf(await rig.start())).toEqual(["complete FAILED TypeError: no"]);
  });
});

describe("the output", () => {
  it.each([[0], [""], [false], [null], [[]], [{ a: 1 }]])(
    "makes the round trip: %j",
    async (value) => {
      const turn = await new Rig(async () => value).start();
      expect(wordsOf(turn)).toEqual([`complete COMPLETED ${JSON.stringify(value)}`]);
    },
  );

  it("is absent for undefined", async () => {
    expect(wordsOf(await new Rig(async () => undefined).start())).toEqual(["complete COMPLETED -"]);
  });

  it.each([[1n], [Number.NaN], [{ deep: { n: Infinity } }], [() => 1]])(
    "fails the instance if JSON cannot carry it (%#)",
    async (value) => {
      const [words] = wordsOf(await new Rig(async () => value).start());
      expect(words).toMatch(/^complete FAILED PayloadNotSerializableError: /u);
    },
  );
});

describe("ids and identity (E3)", () => {
  const ids = async (ctx: OrchestrationContext) => {
    const guids = [ctx.newGuid(), ctx.newGuid()];
    const numbers = [ctx.random(), ctx.random()];
    await ctx.callActivity("a");
    return [...guids, ...numbers, ctx.newGuid(), ctx.random()];
  };

  it("gives the first action the id 1", async () => {
    const turn = await new Rig(ids).start();
    expect(turn.actions.map((action) => action.id)).toEqual([1]);
  });

  it("derives the same GUIDs and random numbers for ever (E11)", async () => {
    const rig = new Rig(ids);
    await rig.start();
    const turn = await rig.turn(completed(1));
    expect(wordsOf(turn)).toMatchInlineSnapshot(`
      [
        "complete COMPLETED ["1f109a1c-e128-5fb0-9ca7-94f7bbe9093f","1241a68b-05c0-5ee1-9015-04ac11dde180",0.14400132792070508,0.09567796206101775,"57d43941-03c3-5442-b35f-efbc253cc5b8",0.9254099244717509]",
      ]
    `);
  });

  it("shares no GUID between executions, nor where the hub sends no execution id", async () => {
    const outputs = new Set<string>();
    for (const executionId of ["one", "two", undefined]) {
      const [words] = wordsOf(
        await new Rig(async (ctx: OrchestrationContext) => [ctx.newGuid(), ctx.random()], {
          executionId,
        }).start(),
      );
      outputs.add(words ?? "");
    }
    expect(outputs.size).toBe(3);
  });

  it("keeps the clock still within a turn, at the time of OrchestratorStarted", async () => {
    const rig = new Rig(async (ctx: OrchestrationContext) => {
      const before = ctx.currentUtcDateTime.getTime();
      await ctx.callActivity("a");
      return [before - startMs, ctx.currentUtcDateTime.getTime() - startMs];
    });
    await rig.start();
    rig.advance(1500);
    expect(wordsOf(await rig.turn(completed(1)))).toEqual(["complete COMPLETED [0,1500]"]);
  });
});

describe("the end of an execution (E10)", () => {
  it("comes when the function returns, whatever is still open", async () => {
    const rig = new Rig(async (ctx: OrchestrationContext) => {
      void ctx.createTimer({ days: 1 });
      void ctx.callActivity("fireAndForget");
      return "done";
    });
    expect(wordsOf(await rig.start())).toEqual([
      "timer +86400000",
      "schedule fireAndForget -",
      'complete COMPLETED "done"',
    ]);
  });

  it("continues as new with what nobody awaited, in the order and spelling in which it came", async () => {
    const rig = new Rig(async (ctx: OrchestrationContext) => {
      await ctx.waitForExternalEvent("go");
      ctx.sendEvent("other", "hello");
      ctx.continueAsNew({ round: 2 }, { newVersion: "2.0" });
      ctx.sendEvent("other", "too late");
      return "ignored";
    });
    await rig.start(raised("B", 1), raised("a", 2), raised("b", 3), raised("7", 4), raised("A", 6));
    const turn = await rig.turn(raised("GO"), raised("late", 9));
    expect(wordsOf(turn)).toEqual([
      "send hello to other -",
      'complete CONTINUED_AS_NEW {"round":2}',
    ]);
    const type = turn.actions[1]?.orchestratorActionType;
    if (type?.case !== "completeOrchestration") throw new Error("no completion");
    expect(type.value.newVersion).toBe("2.0");
    expect(
      type.value.carryoverEvents.map(({ eventType }) =>
        eventType.case === "eventRaised" ? `${eventType.value.name}=${eventType.value.input}` : "?",
      ),
    ).toEqual(["B=1", "a=2", "b=3", "7=4", "A=6", "late=9"]);
  });

  it("continues as new without them if told so", async () => {
    const rig = new Rig(async (ctx: OrchestrationContext) => {
      await ctx.waitForExternalEvent("go");
      return ctx.continueAsNew(undefined, { saveEvents: false });
    });
    const turn = await rig.start(raised("other", 1), raised("go"));
    const type = turn.actions[0]?.orchestratorActionType;
    expect(type?.case === "completeOrchestration" && type.value.carryoverEvents).toEqual([]);
  });

  it("carries an event over that came after an abandoned wait for it", async () => {
    const rig = new Rig(async (ctx: OrchestrationContext) => {
      const wait = ctx.waitForExternalEvent("x");
      await ctx.callActivity("a");
      void wait;
      return ctx.continueAsNew();
    });
    await rig.start();
    const turn = await rig.turn(completed(1), raised("x", 5));
    const type = turn.actions[0]?.orchestratorActionType;
    expect(type?.case === "completeOrchestration" && type.value.carryoverEvents.length).toBe(1);
  });

  it("is the hub's when it terminates the instance", async () => {
    const rig = new Rig(async (ctx: OrchestrationContext) => ctx.waitForExternalEvent("never"));
    await rig.start();
    expect(wordsOf(await rig.turn(terminated("enough")))).toEqual(['complete TERMINATED "enough"']);
  });

  it("is a termination even if the code continues as new in the same turn", async () => {
    const rig = new Rig(async (ctx: OrchestrationContext) => {
      await ctx.waitForExternalEvent("go");
      return ctx.continueAsNew(1);
    });
    await rig.start();
    expect(wordsOf(await rig.turn(raised("go"), terminated("stop")))).toEqual([
      'complete TERMINATED "stop"',
    ]);
  });

  it("is not undone by what comes later in the same turn", async () => {
    let after = 0;
    const rig = new Rig(async (ctx: OrchestrationContext) => {
      const slow = (async () => {
        await ctx.callActivity("slow");
        after += 1;
      })();
      await ctx.callActivity("quick");
      void slow;
      return "done";
    });
    await rig.start();
    expect(wordsOf(await rig.turn(completed(2), completed(1)))).toEqual([
      'complete COMPLETED "done"',
    ]);
    expect(after).toBe(0);
  });
});

describe("what comes from outside", () => {
  it("ignores completions for ids that are not open (E6)", async () => {
    const rig = new Rig(async (ctx: OrchestrationContext) => ctx.callActivity("a"));
    await rig.start();
    expect(wordsOf(await rig.turn(completed(99, "?"), fired(1), failed(0)))).toEqual([]);
    expect(wordsOf(await rig.turn(completed(1, "a"), completed(1, "again")))).toEqual([
      'complete COMPLETED "a"',
    ]);
  });

  it("ignores kinds of events that it does not know", async () => {
    const rig = new Rig(async () => "done");
    const turn = await rig.start(
      { case: "genericEvent", value: { $typeName: "GenericEvent" } },
      { case: "orchestratorCompleted", value: { $typeName: "OrchestratorCompletedEvent" } },
      { case: undefined },
    );
    expect(wordsOf(turn)).toEqual(['complete COMPLETED "done"']);
  });

  it("lets hostile tag names be plain tags (E8)", async () => {
    const tags = Object.fromEntries([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
    const rig = new Rig(
      async (ctx: OrchestrationContext) => [
        ctx.tags["constructor"],
        ctx.tags["toString"] ?? "none",
      ],
      { tags },
    );
    expect(wordsOf(await rig.start())).toEqual(['complete COMPLETED ["b","none"]']);
  });

  it("fails the instance when its input is not JSON", async () => {
    const rig = new Rig(async () => "done", {
      converter: {
        serialize: () => "{",
        deserialize: () => {
          throw new Error("not JSON");
        },
      },
    });
    const [words] = wordsOf(await rig.start());
    expect(words).toContain("complete FAILED");
  });
});

describe("isReplaying and the logger (E7)", () => {
  it("write each line once, live or replayed", async () => {
    const log: string[] = [];
    const rig = new Rig(
      async (ctx: OrchestrationContext) => {
        ctx.logger.info("first");
        await ctx.callActivity("a");
        ctx.logger.info("second");
      },
      { log },
    );
    await rig.start();
    await rig.turn(completed(1));
    // The rig runs each turn twice, so each line appears twice and not three times.
    expect(log).toEqual(["first", "first", "second", "second"]);
  });
});

describe("the context", () => {
  type Method = {
    [Name in keyof OrchestrationContext]: OrchestrationContext[Name] extends (
      ...args: never
    ) => unknown
      ? Name
      : never;
  }[keyof OrchestrationContext];
  type Moving = "isReplaying" | "currentUtcDateTime";

  it("is in copies of it, as far as it stays as it is", async () => {
    const facts: Record<Exclude<keyof OrchestrationContext, Method | Moving>, true> = {
      instanceId: true,
      name: true,
      version: true,
      tags: true,
      parent: true,
      logger: true,
    };
    const log: string[] = [];
    const rig = new Rig(
      async (ctx: OrchestrationContext) => {
        const copy = { ...ctx };
        await ctx.callActivity("a");
        copy.logger.info("by a copy");
        return Object.keys(copy);
      },
      { log },
    );
    await rig.start();
    expect(wordsOf(await rig.turn(completed(1)))).toEqual([
      `complete COMPLETED ${JSON.stringify(Object.keys(facts))}`,
    ]);
    expect(log).toEqual(["by a copy", "by a copy"]);
  });

  it("fails the instance at once where a method is called without it", async () => {
    // oxlint-disable-next-line typescript/unbound-method -- what the rule is against
    const rig = new Rig(async ({ callActivity }: OrchestrationContext) => callActivity("a"));
    expect(wordsOf(await rig.start())[0]).toContain("complete FAILED TypeError");
  });
});

describe("too many actions in one turn", () => {
  it("are counted turn by turn, on replay too", async () => {
    const rig = new Rig(
      async (ctx: OrchestrationContext) => {
        await whenAll([1, 2, 3, 4, 5, 6].map((n) => ctx.callActivity("a", n)));
        await whenAll([1, 2, 3, 4, 5, 6].map((n) => ctx.callActivity("b", n)));
      },
      { maximumActions: 10 },
    );
    await rig.start();
    expect(wordsOf(await rig.turn(...[1, 2, 3, 4, 5, 6].map((id) => completed(id))))).toHaveLength(
      6,
    );
  });

  it("fail the instance, even if the code catches the error", async () => {
    const rig = new Rig(
      async (ctx: OrchestrationContext) => {
        for (let i = 0; i < 200; i += 1) {
          try {
            ctx.sendEvent("other", "flood");
          } catch {
            return "caught";
          }
        }
        return "done";
      },
      { maximumActions: 100 },
    );
    const turn = await rig.start();
    expect(wordsOf(turn)).toHaveLength(1);
    expect(wordsOf(turn)[0]).toContain("complete FAILED TooManyActionsError");
  });
});
