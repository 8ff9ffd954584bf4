import { createMemoryStore } from "@durabletask/backend";
import {
  defineActivity,
  defineEvent,
  defineOrchestrator,
  PayloadInvalidError,
  type StandardSchema,
  TaskFailedError,
} from "@durabletask/core";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { World } from "./scenarios/world.ts";

interface Sent {
  lines: { sku: string; count?: number | undefined }[];
  at: string;
}
interface Received {
  lines: { sku: string; count: number }[];
  at: Date;
}

/** The same schemas in both libraries: something nested, a default, a transform, a default for the whole. */
const libraries: readonly {
  readonly name: string;
  readonly order: StandardSchema<Sent, Received>;
  readonly size: StandardSchema<number | undefined, number>;
  readonly slow: StandardSchema<string, string>;
}[] = [
  {
    name: "Zod",
    order: z.object({
      lines: z.array(z.object({ sku: z.string(), count: z.int().positive().default(1) })),
      at: z.iso.datetime().transform((text) => new Date(text)),
    }),
    size: z.number().default(3),
    slow: z.string().refine(async () => true),
  },
  {
    name: "Valibot",
    order: v.object({
      lines: v.array(
        v.object({
          sku: v.string(),
          count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
        }),
      ),
      at: v.pipe(
        v.string(),
        v.isoTimestamp(),
        v.transform((text) => new Date(text)),
      ),
    }),
    size: v.optional(v.number(), 3),
    slow: v.pipeAsync(
      v.string(),
      v.checkAsync(async () => true),
    ),
  },
];

const setting = { name: "memory", createStore: createMemoryStore, worker: {} };
const at = "2030-01-02T03:04:05Z";

/** What was wrong with a payload. */
function issuesOf(error: unknown): readonly string[] {
  if (error instanceof PayloadInvalidError) return error.issues;
  throw error;
}

for (const { name, order, size, slow } of libraries) {
  describe(`schemas of ${name}`, () => {
    const year = defineActivity("year", { input: order }, (_, { lines, at }) => [
      at.getUTCFullYear(),
      ...lines.map(({ sku, count }) => `${count} ${sku}`),
    ]);

    it("put in defaults and transform, where inputs are received", async () => {
      const world = await World.open(setting);
      const main = defineOrchestrator("main", { input: order }, async (ctx, { lines, at }) => [
        at.getUTCMonth(),
        await ctx.callActivity(year, { lines, at: at.toISOString() }),
      ]);
      await world.work([year, main]);
      const lines = [{ sku: "MUG" }, { sku: "AXE", count: 2 }];
      const id = await world.client.scheduleNewOrchestration(main, { lines, at });
      expect((await world.end(id)).output).toEqual([0, [2030, "1 MUG", "2 AXE"]]);
    });

    it("give what is left out as a whole its default", async () => {
      const world = await World.open(setting);
      const sized = defineActivity("sized", { input: size }, (_, n) => n);
      const main = defineOrchestrator("main", { input: size }, async (ctx, n) => [
        n,
        await ctx.callActivity(sized),
        await ctx.callActivity(sized, 7),
      ]);
      await world.work([sized, main]);
      const id = await world.client.scheduleNewOrchestration(main);
      expect((await world.end(id)).output).toEqual([3, 3, 7]);
    });

    it("check and transform outputs where callers and clients receive them", async () => {
      const world = await World.open(setting);
      const find = defineActivity("find", { output: order }, () => ({ lines: [], at }));
      const child = defineOrchestrator("child", { output: order }, async (ctx) => {
        const found = await ctx.callActivity(find);
        return { ...found, at: found.at.toISOString() };
      });
      const parent = defineOrchestrator("parent", async (ctx) => {
        const { at } = await ctx.callSubOrchestrator(child);
        return at.getUTCSeconds();
      });
      await world.work([find, child, parent]);
      const id = await world.client.scheduleNewOrchestration(parent);
      expect((await world.end(id)).output).toBe(5);
      const alone = await world.client.scheduleNewOrchestration(child);
      const sent = "2030-01-02T03:04:05.000Z";
      expect((await world.end(alone)).output).toEqual({ lines: [], at: sent });
      const received = await world.client.waitForOrchestrationCompletion(child, alone);
      expect(received.output).toEqual({ lines: [], at: new Date(sent) });
    });

    it("transform events where somebody waits for them, and fail that wait for the others", async () => {
      const world = await World.open(setting);
      const ordered = defineEvent("ordered", order);
      const waits = defineOrchestrator("waits", async (ctx) => {
        const first = await ctx.waitForExternalEvent(ordered);
        try {
          await ctx.waitForExternalEvent(ordered);
        } catch (error) {
          return [first.at.getUTCHours(), ...issuesOf(error)];
        }
        return "no failure";
      });
      await world.work([waits]);
      const id = await world.client.scheduleNewOrchestration(waits);
      await world.client.raiseOrchestrationEvent(id, ordered, { lines: [], at });
      await world.client.raiseOrchestrationEvent(id, "ordered", { lines: [], at: 5 });
      const { output } = await world.end(id);
      expect(output).toEqual([3, expect.stringMatching(/^at: Invalid (input|type): /u)]);
    });

    it("say what is wrong and where, and are not tried again", async () => {
      const world = await World.open(setting);
      const lines = [{ sku: "MUG" }, { sku: "AXE", count: 0 }];
      let gives = 0;
      const give = defineActivity("give", { output: order }, () => {
        gives += 1;
        return { lines, at };
      });
      const main = defineOrchestrator("main", async (ctx) => {
        const retry = { maxNumberOfAttempts: 3, firstRetryInterval: { seconds: 1 } };
        const [output, input] = await Promise.allSettled([
          ctx.callActivity(give, undefined, { retry }),
          ctx.callActivity("year", { lines: [7], at }, { retry }),
        ]);
        if (output.status === "fulfilled" || input.status === "fulfilled") return "no failure";
        if (!(input.reason instanceof TaskFailedError)) throw input.reason;
        const { task, failure } = input.reason;
        return [...issuesOf(output.reason), task.attempts, failure.errorType, failure.errorMessage];
      });
      await world.work([year, give, main]);
      const { output } = await world.end(await world.client.scheduleNewOrchestration(main));
      expect(output).toEqual([
        expect.stringMatching(/^lines\[1\]\.count: /u),
        1,
        "PayloadInvalidError",
        expect.stringMatching(/^the input of activity 'year' is not valid: lines\[0\]: /u),
      ]);
      expect(gives).toBe(1);
    });

    it("fail an orchestration whose input does not fit, before its code runs", async () => {
      const world = await World.open(setting);
      let runs = 0;
      const main = defineOrchestrator("main", { input: order }, async () => {
        runs += 1;
      });
      await world.work([main]);
      const lines = [{ sku: "MUG" }, { sku: "AXE", count: 0 }];
      const id = await world.client.scheduleNewOrchestration(main, { lines, at: "noon" });
      const { failure } = await world.end(id);
      expect(failure?.errorMessage).toMatch(/'main' is not valid: lines\[1\]\.count: .*; at: /u);
      expect(failure?.isNonRetriable).toBe(true);
      expect(runs).toBe(0);
    });

    it("are refused where they are asynchronous, which replay does not allow", async () => {
      const world = await World.open(setting);
      const main = defineOrchestrator("main", { input: slow }, async (_, text) => text);
      await world.work([main]);
      const { failure } = await world.end(await world.client.scheduleNewOrchestration(main, "x"));
      expect(failure?.errorMessage).toContain("its schema is asynchronous");
    });
  });
}
