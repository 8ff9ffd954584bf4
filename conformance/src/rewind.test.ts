import { createMemoryStore } from "@durabletask/backend";
import { defineActivity, defineOrchestrator, whenAll } from "@durabletask/core";
import type { OrchestrationState } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { createSqliteStore } from "@durabletask/sqlite";
import { describe, expect, it } from "vitest";
import type { Setting } from "./scenarios/world.ts";
import { World } from "./scenarios/world.ts";
import { temporaryFile } from "./temporary-file.ts";

const settings: readonly Setting[] = [
  { name: "live sessions", createStore: createMemoryStore, worker: {} },
  { name: "every turn replayed", createStore: createMemoryStore, worker: { sessions: false } },
  {
    name: "SQLite",
    createStore: () => createSqliteStore(temporaryFile(), { thread: false }),
    worker: {},
  },
];

const retry = { maxNumberOfAttempts: 3, firstRetryInterval: { seconds: 5 } };

/** An activity that fails as long as it is told to, and counts how often each input was worked on. */
function fragile() {
  const runs = new Map<string, number>();
  const broken = new Set<string>();
  const definition = defineActivity("fragile", (_, input: string) => {
    runs.set(input, (runs.get(input) ?? 0) + 1);
    if (broken.has(input)) throw new Error(`${input} is broken`);
    return input.toUpperCase();
  });
  return { definition, runs, broken };
}

describe.each(settings)("rule 20: a rewind with our worker, $name", (setting) => {
  /** Runs an orchestrator into its failure, mends what was broken, and rewinds it. */
  async function failAndRewind(
    orchestrator: Parameters<World["work"]>[0][number] & { readonly name: string },
    part: ReturnType<typeof fragile>,
    broken: readonly string[],
    others: Parameters<World["work"]>[0] = [],
    stillBroken: readonly string[] = [],
  ): Promise<{ world: World; id: string; end: () => Promise<OrchestrationState> }> {
    const world = await World.open(setting);
    await world.work([part.definition, orchestrator, ...others]);
    for (const input of broken) part.broken.add(input);
    const service = createTaskHubService(world.hub);
    const id = await world.client.scheduleNewOrchestration(orchestrator.name);
    const end = async () => await world.end(id);
    expect((await end()).status).toBe("FAILED");
    part.broken.clear();
    for (const input of stillBroken) part.broken.add(input);
    await service.rewindInstance({ instanceId: id, reason: "mended" });
    return { world, id, end };
  }

  it("an activity that failed and now succeeds; what succeeded is not run again", async () => {
    const part = fragile();
    const sequence = defineOrchestrator("sequence", async (ctx) => {
      const results = [];
      for (const input of ["a", "b", "c"])
        results.push(await ctx.callActivity(part.definition, input));
      return results.join("");
    });
    const { end } = await failAndRewind(sequence, part, ["b"]);
    expect(await end()).toMatchObject({ status: "COMPLETED", output: "ABC" });
    expect(Object.fromEntries(part.runs)).toEqual({ a: 1, b: 2, c: 1 });
  });

  it("with a retry policy, which begins anew", async () => {
    const part = fragile();
    const retrying = defineOrchestrator("retrying", async (ctx) => {
      await ctx.callActivity(part.definition, "a");
      const b = await ctx.callActivity(part.definition, "b", { retry });
      return `${b}${await ctx.callActivity(part.definition, "c")}`;
    });
    const { world, id, end } = await failAndRewind(retrying, part, ["b"]);
    expect(await end()).toMatchObject({ status: "COMPLETED", output: "BC" });
    expect(Object.fromEntries(part.runs)).toEqual({ a: 1, b: 4, c: 1 });
    const history = await world.client.getOrchestrationHistory(id);
    expect(history.filter(({ type }) => type === "timerCreated")).toEqual([]);
  });

  it("retries beside other work, whose ids move up", async () => {
    const part = fragile();
    const parallel = defineOrchestrator("parallel", async (ctx) => {
      const chain = async (input: string) => {
        for (let step = 0; step < 4; step++) {
          await ctx.callActivity(part.definition, `${input}${step}`);
          await ctx.createTimer({ seconds: 3 });
        }
        return input;
      };
      const retried = ctx.callActivity(part.definition, "b", { retry });
      const results = await Promise.all([chain("x"), retried, chain("y")]);
      return results.join("");
    });
    const { end } = await failAndRewind(parallel, part, ["b"]);
    expect(await end()).toMatchObject({ status: "COMPLETED", output: "xBy" });
    expect(part.runs.get("x0")).toBe(1);
    expect(part.runs.get("y1")).toBe(1);
  });

  it("a fan-out with several failures", async () => {
    const part = fragile();
    const inputs = ["a", "b", "c", "d", "e"];
    const fanOut = defineOrchestrator("fanOut", async (ctx) => {
      const tasks = inputs.map((input, index) =>
        ctx.callActivity(part.definition, input, index % 2 ? { retry } : {}),
      );
      return (await whenAll(tasks)).join("");
    });
    const { end } = await failAndRewind(fanOut, part, ["a", "b", "d"]);
    expect(await end()).toMatchObject({ status: "COMPLETED", output: "ABCDE" });
    expect(Object.fromEntries(part.runs)).toEqual({ a: 2, b: 4, c: 1, d: 4, e: 1 });
  });

  it("a failed child, retried or not", async () => {
    for (const options of [{}, { retry }, { instanceId: "kid" }, { instanceId: "kid", retry }]) {
      const part = fragile();
      const kid = defineOrchestrator("kid", async (ctx) => {
        const a = await ctx.callActivity(part.definition, "a");
        return `${a}${await ctx.callActivity(part.definition, "b")}`;
      });
      const parent = defineOrchestrator("parent", async (ctx) => {
        await ctx.callActivity(part.definition, "x");
        const result = await ctx.callSubOrchestrator(kid, undefined, options);
        return `${result}${await ctx.callActivity(part.definition, "y")}`;
      });
      const { end } = await failAndRewind(parent, part, ["b"], [kid]);
      const times = "retry" in options ? 3 : 1;
      expect(await end()).toMatchObject({ status: "COMPLETED", output: "ABY" });
      expect(Object.fromEntries(part.runs)).toEqual({ x: 1, y: 1, a: times, b: times + 1 });
    }
  });

  it("what was done because of the failure is taken back", async () => {
    const part = fragile();
    const saga = defineOrchestrator("saga", async (ctx) => {
      try {
        await ctx.callActivity(part.definition, "book");
        await ctx.callActivity(part.definition, "pay");
      } catch (error) {
        await ctx.callActivity(part.definition, "cancel");
        await ctx.callActivity(part.definition, "apologise");
        throw error;
      }
      return ctx.callActivity(part.definition, "ship");
    });
    const { end } = await failAndRewind(saga, part, ["pay"]);
    expect(await end()).toMatchObject({ status: "COMPLETED", output: "SHIP" });
    expect(Object.fromEntries(part.runs)).toEqual({
      book: 1,
      pay: 2,
      cancel: 1,
      apologise: 1,
      ship: 1,
    });
  });

  it("a failure that the code has dealt with stays", async () => {
    const part = fragile();
    const tolerant = defineOrchestrator("tolerant", async (ctx) => {
      let a = "none";
      try {
        a = await ctx.callActivity(part.definition, "a");
      } catch {
        // It goes on without.
      }
      const b = await ctx.callActivity(part.definition, "b");
      return `${a}${b}${await ctx.callActivity(part.definition, "c")}`;
    });
    const { end } = await failAndRewind(tolerant, part, ["a", "c"]);
    expect(await end()).toMatchObject({ status: "COMPLETED", output: "noneBC" });
    expect(Object.fromEntries(part.runs)).toEqual({ a: 1, b: 1, c: 2 });
  });

  it("rewound twice", async () => {
    const part = fragile();
    const sequence = defineOrchestrator("sequence", async (ctx) => {
      const results = [];
      for (const input of ["a", "b", "c"])
        results.push(await ctx.callActivity(part.definition, input, { retry }));
      return results.join("");
    });
    const { world, id, end } = await failAndRewind(sequence, part, ["a"], [], ["a"]);
    for (const broken of [["c"], []]) {
      expect((await end()).status).toBe("FAILED");
      part.broken.clear();
      for (const input of broken) part.broken.add(input);
      await createTaskHubService(world.hub).rewindInstance({ instanceId: id });
    }
    expect(await end()).toMatchObject({ status: "COMPLETED", output: "ABC" });
    expect(Object.fromEntries(part.runs)).toEqual({ a: 7, b: 1, c: 4 });
  });

  it("an orchestrator that threw by itself, and was corrected", async () => {
    const part = fragile();
    let isMended = false;
    const buggy = defineOrchestrator("buggy", async (ctx) => {
      const a = await ctx.callActivity(part.definition, "a");
      if (!isMended) throw new Error("a bug");
      return a;
    });
    const world = await World.open(setting);
    await world.work([part.definition, buggy]);
    const id = await world.client.scheduleNewOrchestration(buggy);
    expect((await world.end(id)).status).toBe("FAILED");
    isMended = true;
    await createTaskHubService(world.hub).rewindInstance({ instanceId: id });
    expect(await world.end(id)).toMatchObject({ status: "COMPLETED", output: "A" });
    expect(part.runs.get("a")).toBe(1);
  });
});
