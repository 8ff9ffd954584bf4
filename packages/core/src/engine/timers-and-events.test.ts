import { describe, expect, it } from "vitest";
import {
  completed,
  fired,
  raised,
  resumed,
  Rig,
  startMs,
  suspended,
  wordsOf,
} from "../../test/rig.ts";
import { whenAny } from "./combinators.ts";
import type { OrchestrationContext } from "./context.ts";
import { EventTimeoutError, TaskCanceledError } from "./errors.ts";

type Ctx = OrchestrationContext;
const day = 86_400_000;

describe("timers", () => {
  it("fire relative to the orchestration's clock, or at an instant", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      await ctx.createTimer({ minutes: 1, seconds: 30 });
      await ctx.createTimer(new Date(startMs + day));
      return "done";
    });
    expect(wordsOf(await rig.start())).toEqual(["timer +90000"]);
    rig.advance(90_000);
    expect(wordsOf(await rig.turn(fired(1)))).toEqual([`timer +${day}`]);
    rig.advance(day);
    expect(wordsOf(await rig.turn(fired(2)))).toEqual(['complete COMPLETED "done"']);
  });

  it("longer than the maximum interval become a chain, each link with an id of its own", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      await ctx.createTimer({ days: 7 });
      return "a week";
    });
    expect(wordsOf(await rig.start())).toEqual([`link +${3 * day}`]);
    rig.advance(3 * day);
    expect(wordsOf(await rig.turn(fired(1)))).toEqual([`link +${6 * day}`]);
    rig.advance(3 * day);
    expect(wordsOf(await rig.turn(fired(2)))).toEqual([`timer +${7 * day}`]);
    rig.advance(day);
    expect(wordsOf(await rig.turn(fired(3)))).toEqual(['complete COMPLETED "a week"']);
  });

  it.each([
    ["shorter", 1, [4, 5, 6]],
    ["longer", 5, []],
    ["longer than the timer", 30, []],
  ])("go on to their end when the maximum interval has become %s", async (_how, days, links) => {
    const rig = new Rig(async (ctx: Ctx) => {
      await ctx.createTimer({ days: 7 });
      return "a week";
    });
    expect(wordsOf(await rig.start())).toEqual([`link +${3 * day}`]);
    await rig.restart({ maximumTimerIntervalMs: days * day });
    const asked: string[] = [];
    for (const [index, end] of [3, ...links, 7].entries()) {
      rig.nowMs = startMs + end * day;
      asked.push(...wordsOf(await rig.turn(fired(index + 1))));
    }
    const expected = links.map((link) => `link +${link * day}`);
    expect(asked).toEqual([...expected, `timer +${7 * day}`, 'complete COMPLETED "a week"']);
    await rig.restart({ maximumTimerIntervalMs: 2 * day });
    expect(wordsOf(await rig.replay())).toEqual(['complete COMPLETED "a week"']);
    expect(rig.warnings).toEqual([]);
  });

  it("end where they were recorded to end, whatever the code and the maximum interval are now", async () => {
    const code = (days: number) => async (ctx: Ctx) => {
      await ctx.createTimer({ days });
      return ctx.callActivity("after");
    };
    const rig = new Rig(code(2));
    expect(wordsOf(await rig.start())).toEqual([`timer +${2 * day}`]);
    rig.advance(2 * day);
    expect(wordsOf(await rig.turn(fired(1)))).toEqual(["schedule after -"]);
    await rig.restart({ maximumTimerIntervalMs: day });
    for (const days of [1, 3, 7]) expect(wordsOf(await rig.replay(code(days)))).toEqual([]);
  });

  it("go on as chains from a hub that keeps whole milliseconds", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      await ctx.createTimer({ days: 7 });
    });
    await rig.start();
    for (const { eventType } of rig.history) {
      if (eventType.case === "timerCreated" && eventType.value.fireAt) {
        Object.assign(eventType.value.fireAt, { nanos: 0 });
      }
    }
    await rig.restart({});
    rig.advance(3 * day);
    expect(wordsOf(await rig.turn(fired(1)))).toEqual([`link +${6 * day}`]);
    expect(rig.warnings).toEqual([]);
  });

  it("that are long do not block a whenAny they take part in", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const winner = await whenAny([ctx.callActivity("a"), ctx.createTimer({ days: 30 })]);
      return winner.index;
    });
    await rig.start();
    rig.advance(3 * day);
    expect(wordsOf(await rig.turn(fired(2)))).toEqual([`link +${6 * day}`]);
    expect(wordsOf(await rig.turn(completed(1)))).toEqual(["complete COMPLETED 0"]);
  });

  it.each<[string, unknown]>([
    ["a number", 5],
    ["NaN", Number.NaN],
    ["NaN seconds", { seconds: Number.NaN }],
    ["an unknown field", { second: 5 }],
    ["a negative duration", { seconds: -1 }],
    ["an invalid date", new Date(Number.NaN)],
    ["an instant that no date can hold", { weeks: 1e12 }],
    ["nothing", undefined],
  ])("refuse %s", async (_what, value) => {
    const rig = new Rig(async (ctx: Ctx) => ctx.createTimer(value as Date));
    expect(wordsOf(await rig.start())[0]).toMatch(/^complete FAILED InvalidArgumentError/u);
  });

  it("take zero for a timer that is due at once", async () => {
    const rig = new Rig(async (ctx: Ctx) => ctx.createTimer({ seconds: 0 }));
    expect(wordsOf(await rig.start())).toEqual(["timer +0"]);
  });

  it("that are cancelled in the turn that made them are never sent, later ones are ignored when they fire", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const unsent = ctx.createTimer({ seconds: 1 });
      const sent = ctx.createTimer({ seconds: 2 });
      unsent.cancel();
      await ctx.waitForExternalEvent("go");
      sent.cancel();
      sent.cancel();
      await ctx.waitForExternalEvent("end");
      return [unsent.isCanceled, sent.isCanceled, sent.isFailed];
    });
    expect(wordsOf(await rig.start())).toEqual(["timer +2000"]);
    await rig.turn(raised("go"));
    expect(wordsOf(await rig.turn(fired(2)))).toEqual([]);
    expect(wordsOf(await rig.turn(raised("end")))).toEqual(["complete COMPLETED [true,true,true]"]);
  });

  it("that are awaited when cancelled throw TaskCanceledError", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const timer = ctx.createTimer({ days: 1 });
      const waits = (async () => {
        try {
          await timer;
          return "fired";
        } catch (error) {
          return error instanceof TaskCanceledError ? error.code : "other";
        }
      })();
      timer.cancel();
      return waits;
    });
    expect(wordsOf(await rig.start())).toEqual(['complete COMPLETED "TASK_CANCELED"']);
  });
});

describe("external events", () => {
  it("are compared without regard to case, also in Turkish", async () => {
    const rig = new Rig(async (ctx: Ctx) => [
      await ctx.waitForExternalEvent("INIT"),
      await ctx.waitForExternalEvent("done"),
    ]);
    await rig.start(raised("init", 1));
    expect(wordsOf(await rig.turn(raised("DONE", 2)))).toEqual(["complete COMPLETED [1,2]"]);
  });

  it("go to waiters in the order in which they began to wait, buffered ones in the order of arrival", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const first = ctx.waitForExternalEvent("e");
      const second = ctx.waitForExternalEvent("e");
      const third = ctx.waitForExternalEvent("e");
      return Promise.all([third, second, first]);
    });
    await rig.start(raised("e", 1), raised("e", 2));
    expect(wordsOf(await rig.turn(raised("e", 3)))).toEqual(["complete COMPLETED [3,2,1]"]);
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
    "may be named %s (E8)",
    async (name) => {
      const rig = new Rig(async (ctx: Ctx) => ctx.waitForExternalEvent(name));
      await rig.start(raised("other"));
      expect(wordsOf(await rig.turn(raised(name, "x")))).toEqual(['complete COMPLETED "x"']);
    },
  );

  it("time out without swallowing a later event", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      try {
        await ctx.waitForExternalEvent("e", { timeout: { seconds: 5 } });
        return "came";
      } catch (error) {
        const code = error instanceof EventTimeoutError ? error.code : "other";
        return [code, await ctx.waitForExternalEvent("e")];
      }
    });
    expect(wordsOf(await rig.start())).toEqual(["timer +5000"]);
    rig.advance(5000);
    await rig.turn(fired(1));
    expect(wordsOf(await rig.turn(raised("e", "late")))).toEqual([
      'complete COMPLETED ["EVENT_TIMEOUT","late"]',
    ]);
  });

  it("that come in time end the wait, and the firing of its timer is ignored", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const value = await ctx.waitForExternalEvent("e", { timeout: { seconds: 5 } });
      await ctx.waitForExternalEvent("end");
      return value;
    });
    await rig.start();
    await rig.turn(raised("e", "in time"));
    await rig.turn(fired(1));
    expect(wordsOf(await rig.turn(raised("end")))).toEqual(['complete COMPLETED "in time"']);
  });

  it("that are there already need no timer", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      await ctx.callActivity("a");
      return ctx.waitForExternalEvent("e", { timeout: { seconds: 5 } });
    });
    await rig.start(raised("e", 1));
    expect(wordsOf(await rig.turn(completed(1)))).toEqual(["complete COMPLETED 1"]);
  });

  it("pass by a waiter that was cancelled by its signal", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const controller = new AbortController();
      const given = ctx.waitForExternalEvent("e", { signal: controller.signal });
      const kept = ctx.waitForExternalEvent("e");
      controller.abort(new Error("changed my mind"));
      return [given.isFailed, await kept];
    });
    await rig.start();
    expect(wordsOf(await rig.turn(raised("e", 1)))).toEqual(["complete COMPLETED [true,1]"]);
  });

  it("that lost a whenAny still get the event that comes, for it is theirs", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const event = ctx.waitForExternalEvent("e");
      await whenAny([event, ctx.callActivity("a")]);
      return event;
    });
    await rig.start();
    await rig.turn(completed(1));
    expect(wordsOf(await rig.turn(raised("e", "mine")))).toEqual(['complete COMPLETED "mine"']);
  });

  it("are served 10,000 at a time", async () => {
    const rig = new Rig(function* (ctx: Ctx) {
      let sum = 0;
      for (let i = 0; i < 10_000; i += 1) sum += yield* ctx.waitForExternalEvent<number>("n");
      return sum;
    });
    await rig.start();
    const events = Array.from({ length: 10_000 }, (_, n) => raised("n", n));
    expect(wordsOf(await rig.turn(...events))).toEqual(["complete COMPLETED 49995000"]);
  });

  it("need a name", async () => {
    const rig = new Rig(async (ctx: Ctx) => ctx.waitForExternalEvent(""));
    expect(wordsOf(await rig.start())[0]).toContain("InvalidArgumentError");
  });

  it("can be sent to other instances", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      ctx.sendEvent("other", "hello", { a: 1 });
      return "sent";
    });
    expect(wordsOf(await rig.start())).toEqual([
      'send hello to other {"a":1}',
      'complete COMPLETED "sent"',
    ]);
  });
});

describe("suspension (E9)", () => {
  it("buffers what comes, emits nothing, and applies it on resume as if it had just come", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      const a = await ctx.callActivity("a");
      return [a, await ctx.waitForExternalEvent("e"), ctx.currentUtcDateTime.getTime() - startMs];
    });
    await rig.start();
    expect(wordsOf(await rig.turn(suspended()))).toEqual([]);
    rig.advance(1000);
    expect(wordsOf(await rig.turn(completed(1, "a"), raised("e", "b")))).toEqual([]);
    rig.advance(1000);
    expect(wordsOf(await rig.turn(resumed()))).toEqual(['complete COMPLETED ["a","b",2000]']);
  });

  it("keeps for the resume what the turn produced before it", async () => {
    const rig = new Rig(async (ctx: Ctx) => {
      await ctx.callActivity("a");
      return ctx.callActivity("b");
    });
    await rig.start();
    expect(wordsOf(await rig.turn(completed(1), suspended()))).toEqual([]);
    expect(wordsOf(await rig.turn(resumed()))).toEqual(["schedule b -"]);
    expect(wordsOf(await rig.turn(completed(2, "b")))).toEqual(['complete COMPLETED "b"']);
  });

  it("keeps an end for the resume, too", async () => {
    const rig = new Rig(async (ctx: Ctx) => ctx.callActivity("a"));
    await rig.start();
    expect(wordsOf(await rig.turn(completed(1, "a"), suspended()))).toEqual([]);
    expect(wordsOf(await rig.turn(resumed()))).toEqual(['complete COMPLETED "a"']);
  });

  it("is not doubled by a second Suspend, nor ended by a Resume that nobody waits for", async () => {
    const rig = new Rig(async (ctx: Ctx) => ctx.waitForExternalEvent("e"));
    await rig.start(resumed());
    await rig.turn(suspended(), raised("e", 1), suspended());
    expect(wordsOf(await rig.turn(resumed()))).toEqual(["complete COMPLETED 1"]);
  });
});
