import { describe, expect, it } from "vitest";
import { completed, failed, fired, raised, Rig, wordsOf } from "../../test/rig.ts";
import type { OrchestrationContext } from "./context.ts";
import { NonDeterminismError } from "./errors.ts";

/** Records the history of one program, then replays another on it. */
async function replayOn(
  recorded: (ctx: OrchestrationContext) => Promise<unknown>,
  replayed: (ctx: OrchestrationContext) => unknown,
): Promise<{ words: string[]; warnings: string[] }> {
  const rig = new Rig(recorded);
  await rig.start();
  const turn = await rig.replay(replayed);
  return { words: wordsOf(turn), warnings: rig.warnings };
}

describe("code that no longer fits its history (E5)", () => {
  it.each<
    [
      string,
      (ctx: OrchestrationContext) => Promise<unknown>,
      (ctx: OrchestrationContext) => Promise<unknown>,
      string,
    ]
  >([
    [
      "another activity",
      async (c) => c.callActivity("a"),
      async (c) => c.callActivity("b"),
      "activity 'a' as #1",
    ],
    [
      "another kind",
      async (c) => c.callActivity("a"),
      async (c) => c.createTimer({ seconds: 1 }),
      "asked for timer",
    ],
    [
      "another child",
      async (c) => c.callSubOrchestrator("a"),
      async (c) => c.callSubOrchestrator("b"),
      "sub-orchestration 'a'",
    ],
    [
      "another chosen child id",
      async (c) => c.callSubOrchestrator("a", 1, { instanceId: "x" }),
      async (c) => c.callSubOrchestrator("a", 1, { instanceId: "y" }),
      "to 'x'",
    ],
    [
      "another event",
      async (c) => {
        c.sendEvent("t", "a");
        await c.createTimer({ seconds: 1 });
      },
      async (c) => {
        c.sendEvent("t", "b");
        await c.createTimer({ seconds: 1 });
      },
      "event 'a' to 't'",
    ],
    [
      "another target",
      async (c) => {
        c.sendEvent("t", "a");
        await c.createTimer({ seconds: 1 });
      },
      async (c) => {
        c.sendEvent("u", "a");
        await c.createTimer({ seconds: 1 });
      },
      "to 'u'",
    ],
    [
      "nothing where something is recorded",
      async (c) => c.callActivity("a"),
      async (c) => c.waitForExternalEvent("e"),
      "asked for nothing",
    ],
    ["an early return", async (c) => c.callActivity("a"), async () => "done", "asked for nothing"],
    [
      "a call inserted before",
      async (c) => c.callActivity("a"),
      async (c) => {
        void c.callActivity("new");
        return c.callActivity("a");
      },
      "'new'",
    ],
  ])("fails for %s", async (_what, recorded, replayed, text) => {
    const { words } = await replayOn(recorded, replayed);
    expect(words).toHaveLength(1);
    expect(words[0]).toContain("complete FAILED NonDeterminismError");
    expect(words[0]).toContain(text);
    expect(words[0]).toContain("docs/errors/NON_DETERMINISM.md");
  });

  it("carries what was recorded, what was attempted, the event id and the position", async () => {
    const rig = new Rig(async (ctx: OrchestrationContext) => ctx.callActivity("a"), {
      onNonDeterminism: "abandon",
    });
    await rig.start();
    const error = await rig
      .replay(async (ctx: OrchestrationContext) => ctx.callActivity("b"))
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NonDeterminismError);
    expect(error).toMatchObject({
      code: "NON_DETERMINISM",
      recorded: { kind: "activity", name: "a" },
      attempted: { kind: "activity", name: "b" },
      eventId: 1,
      position: 2,
    });
  });

  it("lets another input, version or fire time pass, and keeps the recorded fire time", async () => {
    const rig = new Rig(async (ctx: OrchestrationContext) => {
      void ctx.callActivity("a", 1);
      await ctx.createTimer({ hours: 1 });
      return ctx.currentUtcDateTime.toISOString();
    });
    await rig.start();
    const changed = async (ctx: OrchestrationContext) => {
      void ctx.callActivity("a", 2, { version: "2" });
      await ctx.createTimer({ hours: 2 });
      return ctx.currentUtcDateTime.toISOString();
    };
    expect(wordsOf(await rig.replay(changed))).toEqual([]);
    // One warning, however much differs.
    expect(rig.warnings).toEqual([expect.stringContaining("input or version of activity 'a'")]);
    rig.advance(3_600_000);
    await rig.turn(fired(2));
    expect(wordsOf(await rig.replay(changed))).toEqual([
      'complete COMPLETED "2026-01-01T01:00:00.000Z"',
    ]);
  });

  it("says of a changed fire time that the recorded one holds", async () => {
    const code = (hours: number) => async (ctx: OrchestrationContext) => ctx.createTimer({ hours });
    const rig = new Rig(code(1));
    await rig.start();
    await rig.replay(code(2));
    expect(rig.warnings).toEqual([expect.stringContaining("fire time of a timer")]);
  });

  it("lets a timer end at its recorded time, however long changed code would wait", async () => {
    const code = (days: number) => async (ctx: OrchestrationContext) => {
      await ctx.createTimer({ days });
      return ctx.callActivity("x");
    };
    const rig = new Rig(code(1));
    await rig.start();
    rig.advance(86_400_000);
    await rig.turn(fired(1));
    for (const days of [2, 10]) expect(wordsOf(await rig.replay(code(days)))).toEqual([]);
  });

  it("retries with the recorded input", async () => {
    const code = (input: number) => async (ctx: OrchestrationContext) =>
      ctx.callActivity("x", input, { retry: () => true });
    const rig = new Rig(code(1));
    await rig.start();
    await rig.turn(failed(1));
    const replayed = rig.history.filter((event) => event.eventId !== 2);
    rig.history.splice(0, rig.history.length, ...replayed);
    expect(wordsOf(await rig.replay(code(2)))).toEqual(["schedule x 1"]);
  });

  it("adopts a derived child id that was recorded differently", async () => {
    const parent = async (ctx: OrchestrationContext) => ctx.callSubOrchestrator("child");
    const rig = new Rig(parent);
    await rig.start();
    const index = rig.history.findIndex(
      (e) => e.eventType.case === "subOrchestrationInstanceCreated",
    );
    const event = rig.history[index];
    if (event?.eventType.case !== "subOrchestrationInstanceCreated") throw new Error("not there");
    rig.history[index] = {
      ...event,
      eventType: {
        ...event.eventType,
        value: { ...event.eventType.value, instanceId: "by-another-hub" },
      },
    };
    expect(wordsOf(await rig.replay())).toEqual([]);
  });
});

describe("what is not durable (E4)", () => {
  it("fails an orchestrator that awaits a foreign promise, and names the last durable call", async () => {
    const rig = new Rig(async (ctx: OrchestrationContext) => {
      await ctx.callActivity("before");
      await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
    });
    await rig.start();
    const [words] = wordsOf(await rig.turn(completed(1)));
    expect(words).toContain("complete FAILED NonDurableAwaitError");
    expect(words).toContain("activity 'before' (#1)");
    expect(words).toContain("docs/errors/NON_DURABLE_AWAIT.md");
  });

  it("finds it in a helper, and before the first durable call", async () => {
    const helper = (): Promise<unknown> => new Promise(() => {});
    const [words] = wordsOf(await new Rig(async () => helper()).start());
    expect(words).toContain("before its first durable call");
  });

  it("finds it after a settled Promise.race, whose loser still waits, at the next call", async () => {
    let release: () => void = () => {};
    const rig = new Rig(async (ctx: OrchestrationContext) => {
      await Promise.race([ctx.callActivity("a"), ctx.waitForExternalEvent("never")]);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      await ctx.callActivity("b");
    });
    await rig.start();
    await rig.turn(completed(1));
    release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(rig.warnings.join()).toContain("callActivity was called from outside a turn");
  });

  it("fails at its next turn an orchestrator that a foreign callback has moved between turns", async () => {
    const releases: (() => void)[] = [];
    const program = async (ctx: OrchestrationContext) => {
      const foreign = new Promise<void>((resolve) => releases.push(resolve));
      await Promise.race([foreign, ctx.waitForExternalEvent("never")]);
      return "moved";
    };
    const rig = new Rig(program);
    await rig.start();
    for (const release of releases) release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(rig.warnings.join()).toContain("went on outside a turn");
  });

  describe("in a helper that awaits a promise of its own before its first task", () => {
    const helper = async (ctx: OrchestrationContext): Promise<unknown> => {
      await Promise.resolve();
      return ctx.callActivity("of the helper");
    };

    it("says what to do where the orchestrator is a generator, which moves while promises stand still", async () => {
      const rig = new Rig(function* (ctx: OrchestrationContext) {
        void helper(ctx).catch(() => {});
        yield* ctx.callActivity("a");
      });
      expect(wordsOf(await rig.start())).toEqual(["schedule a -"]);
      await new Promise((resolve) => setImmediate(resolve));
      expect(rig.warnings.join()).toContain("make both generators, or both async functions");
    });

    it("finds nothing where the orchestrator is an async function", async () => {
      const rig = new Rig(async (ctx: OrchestrationContext) => {
        await Promise.all([helper(ctx), ctx.callActivity("a")]);
      });
      expect(wordsOf(await rig.start())).toEqual(["schedule a -", "schedule of the helper -"]);
      expect(rig.warnings).toEqual([]);
    });
  });

  it("lets a helper beside a generator await promises of its own after a task", async () => {
    const rig = new Rig(function* (ctx: OrchestrationContext) {
      const helper = (async () => {
        await ctx.callActivity("first");
        await Promise.resolve();
        await ctx.callActivity("second");
      })();
      void helper.catch(() => {});
      yield* ctx.waitForExternalEvent("end");
    });
    await rig.start();
    expect(wordsOf(await rig.turn(completed(1)))).toEqual(["schedule second -"]);
    expect(rig.warnings).toEqual([]);
  });

  it("takes code that runs on after settled promises of its own for what it is", async () => {
    const rig = new Rig(async (ctx: OrchestrationContext) => {
      await Promise.resolve();
      await Promise.resolve()
        .then(() => null)
        .then(() => null);
      await ctx.callActivity("a");
      await Promise.all([Promise.resolve(), Promise.resolve(1)]);
      return "done";
    });
    expect(wordsOf(await rig.start())).toEqual(["schedule a -"]);
    expect(wordsOf(await rig.turn(completed(1)))).toEqual(['complete COMPLETED "done"']);
  });

  it("is the same entered from a timer, an immediate, a tick or a socket's callback", async () => {
    const entries: ((run: () => void) => unknown)[] = [
      (run) => setTimeout(run, 0),
      (run) => setImmediate(run),
      (run) => process.nextTick(run),
      (run) => queueMicrotask(run),
    ];
    for (const enter of entries) {
      const rig = new Rig(async (ctx: OrchestrationContext) => {
        await Promise.resolve();
        await Promise.resolve();
        await Promise.resolve();
        return ctx.callActivity("a");
      });
      const turn = await new Promise((resolve, reject) => {
        enter(() => {
          rig.start().then(resolve, reject);
        });
      });
      expect(turn).toMatchObject({ actions: [{ id: 1 }] });
    }
  });

  it("fails a generator that yields a promise or nothing", async () => {
    for (const value of [Promise.resolve(1), undefined]) {
      const rig = new Rig(function* (): Generator<unknown, void, never> {
        yield value;
      });
      expect(wordsOf(await rig.start())[0]).toContain("instead of a task");
    }
  });

  it("takes a generator for blocked that is parked on a task while a promise of its own was settled", async () => {
    const rig = new Rig(function* (ctx: OrchestrationContext) {
      let seen = 0;
      const side = (async () => {
        await ctx.callActivity("side");
        seen += 1;
      })();
      yield* ctx.callActivity("main");
      void side;
      return seen;
    });
    await rig.start();
    expect(wordsOf(await rig.turn(completed(1)))).toEqual([]);
    expect(wordsOf(await rig.turn(completed(2)))).toEqual(["complete COMPLETED 1"]);
  });

  it("steps a generator that a helper has set free before it takes the next event", async () => {
    const rig = new Rig(function* (ctx: OrchestrationContext) {
      const timer = ctx.createTimer({ days: 1 });
      const helper = (async () => {
        await ctx.callActivity("a");
        timer.cancel();
      })();
      try {
        yield* timer;
      } catch {
        ctx.sendEvent("other", "cancelled");
      }
      void helper;
      return yield* ctx.waitForExternalEvent("e");
    });
    await rig.start();
    expect(wordsOf(await rig.turn(completed(2), raised("e", 1)))).toEqual([
      "send cancelled to other -",
      "complete COMPLETED 1",
    ]);
  });

  it("finds a forgotten await that is iterated over", async () => {
    const rig = new Rig(async (ctx: OrchestrationContext) => {
      const [x] = ctx.callActivity("a");
      return x;
    });
    expect(wordsOf(await rig.start()).at(-1)).toContain("TaskNotAwaitedError");
    const spread = new Rig(async (ctx: OrchestrationContext) => Array.from(ctx.callActivity("a")));
    expect(wordsOf(await spread.start()).at(-1)).toContain("TaskNotAwaitedError");
  });

  it("lets an event that has come early be awaited late (E6)", async () => {
    const rig = new Rig(async (ctx: OrchestrationContext) => {
      await ctx.callActivity("a");
      return ctx.waitForExternalEvent("early");
    });
    await rig.start(raised("Early", "here"));
    expect(wordsOf(await rig.turn(completed(1)))).toEqual(['complete COMPLETED "here"']);
  });
});
