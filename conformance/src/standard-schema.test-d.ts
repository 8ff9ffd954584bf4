import {
  type ActivityDefinition,
  defineActivity,
  defineEvent,
  defineOrchestrator,
  type EventDefinition,
  type InstanceId,
  type OrchestratorDefinition,
  type PayloadFormat,
  type TaskHubClient,
} from "@durabletask/core";
import * as v from "valibot";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";

declare const client: TaskHubClient;

/** What is sent and what is received differ: a default, a transform, something optional, an union. */
interface Sent {
  name: string;
  count?: number | undefined;
  at: string;
  note?: string | undefined;
  kind: "a" | "b";
}
interface Received {
  name: string;
  count: number;
  at: Date;
  note?: string | undefined;
  kind: "a" | "b";
}

const zodOrder = z.object({
  name: z.string(),
  count: z.number().default(1),
  at: z.string().transform((text) => new Date(text)),
  note: z.string().optional(),
  kind: z.enum(["a", "b"]),
});
const valibotOrder = v.object({
  name: v.string(),
  count: v.optional(v.number(), 1),
  at: v.pipe(
    v.string(),
    v.transform((text) => new Date(text)),
  ),
  note: v.optional(v.string()),
  kind: v.picklist(["a", "b"]),
});

describe("schemas of Zod", () => {
  it("are formats of payloads", () => {
    expectTypeOf(zodOrder).toExtend<PayloadFormat>();
    expectTypeOf(z.string()).toExtend<PayloadFormat>();
    expectTypeOf(z.codec(z.string(), z.date(), noCode)).toExtend<PayloadFormat>();
  });

  it("give callers of an activity what is sent, and its code what is received", () => {
    const take = defineActivity("take", { input: zodOrder }, (_, order) => {
      expectTypeOf(order).toEqualTypeOf<Received>();
      return order.count;
    });
    expectTypeOf(take).toEqualTypeOf<ActivityDefinition<Sent, number>>();
    defineOrchestrator("calls", async (ctx) => {
      await ctx.callActivity(take, { name: "x", at: "2030", kind: "a" });
      // @ts-expect-error the date travels as text
      await ctx.callActivity(take, { name: "x", at: new Date(), kind: "a" });
      // @ts-expect-error there is no kind c
      await ctx.callActivity(take, { name: "x", at: "2030", kind: "c" });
    });
  });

  it("ask the code for what is sent, and give its callers what is received", () => {
    const give = defineActivity("give", { output: zodOrder }, async (_, name: string) => ({
      name,
      at: "2030",
      kind: "a" as const,
    }));
    expectTypeOf(give).toEqualTypeOf<ActivityDefinition<string, Received>>();
    // @ts-expect-error the kind is missing
    defineActivity("wrong", { output: zodOrder }, async (_, name: string) => ({
      name,
      at: "2030",
    }));
  });

  it("type orchestrators, their ids, and what a client reads", async () => {
    const work = defineOrchestrator(
      "work",
      { input: zodOrder, output: zodOrder },
      async (_, { at, ...order }) => ({ ...order, at: at.toISOString() }),
    );
    expectTypeOf(work).toEqualTypeOf<OrchestratorDefinition<Sent, Received, Sent>>();
    const id = await client.scheduleNewOrchestration(work, { name: "x", at: "2030", kind: "b" });
    expectTypeOf(id).toEqualTypeOf<InstanceId<Sent>>();
    const state = await client.waitForOrchestrationCompletion(work, id);
    expectTypeOf(state.output).toEqualTypeOf<Received>();
  });

  it("type events on both sides", () => {
    const ordered = defineEvent("ordered", zodOrder);
    expectTypeOf(ordered).toEqualTypeOf<EventDefinition<Received, Sent>>();
    defineOrchestrator("waits", async (ctx) => {
      expectTypeOf(await ctx.waitForExternalEvent(ordered)).toEqualTypeOf<Received>();
      ctx.sendEvent("other", ordered, { name: "x", at: "2030", kind: "a" });
      // @ts-expect-error the name is missing
      ctx.sendEvent("other", ordered, { at: "2030", kind: "a" });
    });
  });

  it("let an input be left out that has a default as a whole", () => {
    const often = defineActivity("often", { input: z.number().default(3) }, (_, n) => {
      expectTypeOf(n).toEqualTypeOf<number>();
    });
    defineOrchestrator("calls", async (ctx) => ctx.callActivity(often));
  });
});

describe("schemas of Valibot", () => {
  it("are formats of payloads", () => {
    expectTypeOf(valibotOrder).toExtend<PayloadFormat>();
    expectTypeOf(v.string()).toExtend<PayloadFormat>();
  });

  it("give callers of an activity what is sent, and its code what is received", () => {
    const take = defineActivity("take", { input: valibotOrder }, (_, order) => {
      expectTypeOf(order).toEqualTypeOf<Received>();
      return order.count;
    });
    expectTypeOf(take).toEqualTypeOf<ActivityDefinition<Sent, number>>();
    defineOrchestrator("calls", async (ctx) => {
      await ctx.callActivity(take, { name: "x", at: "2030", kind: "a" });
      // @ts-expect-error the date travels as text
      await ctx.callActivity(take, { name: "x", at: new Date(), kind: "a" });
      // @ts-expect-error there is no kind c
      await ctx.callActivity(take, { name: "x", at: "2030", kind: "c" });
    });
  });

  it("ask the code for what is sent, and give its callers what is received", () => {
    const give = defineActivity("give", { output: valibotOrder }, async (_, name: string) => ({
      name,
      at: "2030",
      kind: "a" as const,
    }));
    expectTypeOf(give).toEqualTypeOf<ActivityDefinition<string, Received>>();
    // @ts-expect-error the kind is missing
    defineActivity("wrong", { output: valibotOrder }, async (_, name: string) => ({
      name,
      at: "2030",
    }));
  });

  it("type orchestrators, their ids, and what a client reads", async () => {
    const work = defineOrchestrator(
      "work",
      { input: valibotOrder, output: valibotOrder },
      async (_, { at, ...order }) => ({ ...order, at: at.toISOString() }),
    );
    expectTypeOf(work).toEqualTypeOf<OrchestratorDefinition<Sent, Received, Sent>>();
    const id = await client.scheduleNewOrchestration(work, { name: "x", at: "2030", kind: "b" });
    expectTypeOf(id).toEqualTypeOf<InstanceId<Sent>>();
    const state = await client.waitForOrchestrationCompletion(work, id);
    expectTypeOf(state.output).toEqualTypeOf<Received>();
  });

  it("type events on both sides", () => {
    const ordered = defineEvent("ordered", valibotOrder);
    expectTypeOf(ordered).toEqualTypeOf<EventDefinition<Received, Sent>>();
    defineOrchestrator("waits", async (ctx) => {
      expectTypeOf(await ctx.waitForExternalEvent(ordered)).toEqualTypeOf<Received>();
      ctx.sendEvent("other", ordered, { name: "x", at: "2030", kind: "a" });
      // @ts-expect-error the name is missing
      ctx.sendEvent("other", ordered, { at: "2030", kind: "a" });
    });
  });

  it("let an input be left out that has a default as a whole", () => {
    const often = defineActivity("often", { input: v.optional(v.number(), 3) }, (_, n) => {
      expectTypeOf(n).toEqualTypeOf<number>();
    });
    defineOrchestrator("calls", async (ctx) => ctx.callActivity(often));
  });
});

declare const noCode: { decode: (text: string) => Date; encode: (date: Date) => string };
