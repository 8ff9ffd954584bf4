import { describe, expectTypeOf, it } from "vitest";
import type { InstanceId } from "../instance-id.ts";
import type { TaskHubClient } from "../client/client.ts";
import type { Codec, StandardSchema } from "../payload-format.ts";
import { defineActivity, type ActivityDefinition } from "./activity.ts";
import { defineEvent } from "./event.ts";
import { defineOrchestrator } from "./orchestrator.ts";

declare const money: Codec<Money, { cents: number }>;
declare const order: StandardSchema<
  { id: string; quantity?: number },
  { id: string; quantity: number }
>;
declare const client: TaskHubClient;
class Money {
  readonly #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  plus(other: Money): Money {
    return new Money(this.#cents + other.#cents);
  }
}

describe("definitions with formats", () => {
  it("give the sender's type to callers and the receiver's to the code", () => {
    const price = defineActivity("price", { input: order, output: money }, (_ctx, input) => {
      expectTypeOf(input).toEqualTypeOf<{ id: string; quantity: number }>();
      return new Money(input.quantity);
    });
    expectTypeOf(price).toEqualTypeOf<
      ActivityDefinition<{ id: string; quantity?: number }, Money>
    >();
    defineOrchestrator("total", { version: "2", output: money }, async (ctx, ids: string[]) => {
      const first = await ctx.callActivity(price, { id: ids[0] ?? "" });
      expectTypeOf(first).toEqualTypeOf<Money>();
      return first.plus(first);
    });
    // @ts-expect-error the output is not Money
    defineActivity("wrong", { output: money }, () => 5);
  });

  it("keep codecs out of what the instance id remembers, and in what a definition decodes", async () => {
    const total = defineOrchestrator(
      "total",
      { output: money },
      async (_ctx, n: number) => new Money(n),
    );
    const id = await client.scheduleNewOrchestration(total, 5);
    expectTypeOf(id).toEqualTypeOf<InstanceId<{ cents: number }>>();
    const raw = await client.waitForOrchestrationCompletion(id);
    expectTypeOf(raw.output).toEqualTypeOf<{ cents: number }>();
    const decoded = await client.waitForOrchestrationCompletion(total, id);
    expectTypeOf(decoded.output).toEqualTypeOf<Money>();
  });

  it("type events on both sides", () => {
    const ordered = defineEvent("ordered", order);
    defineOrchestrator("waits", async (ctx) => {
      const event = await ctx.waitForExternalEvent(ordered);
      expectTypeOf(event).toEqualTypeOf<{ id: string; quantity: number }>();
      ctx.sendEvent("other", ordered, { id: "a" });
      await client.raiseOrchestrationEvent("other", ordered, { id: "a" });
    });
  });
});
