import { describe, expectTypeOf, it } from "vitest";
import type { Jsonify } from "../json.ts";
import { defineActivity } from "./activity.ts";
import { defineOrchestrator } from "./orchestrator.ts";

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
interface Order {
  readonly id: string;
  readonly lines: readonly { readonly sku: string; readonly quantity?: number }[];
}

describe("Jsonify", () => {
  it("leaves plain data alone, recursive types too", () => {
    expectTypeOf<Jsonify<Json>>().toEqualTypeOf<Json>();
    expectTypeOf<Jsonify<[string, number?]>>().toEqualTypeOf<[string, number?]>();
    expectTypeOf<Jsonify<undefined>>().toEqualTypeOf<undefined>();
    expectTypeOf<Jsonify<unknown>>().toEqualTypeOf<unknown>();
    expectTypeOf<Jsonify<Order>>().toEqualTypeOf<Order>();
  });

  it("tells what becomes of everything else", () => {
    expectTypeOf<Jsonify<Date>>().toEqualTypeOf<string>();
    expectTypeOf<Jsonify<{ at: Date; run: () => void }>>().toEqualTypeOf<{ at: string }>();
    expectTypeOf<Jsonify<Map<string, number>>>().toEqualTypeOf<Record<string, never>>();
    expectTypeOf<Jsonify<Error>>().toEqualTypeOf<Record<string, never>>();
    expectTypeOf<Jsonify<{ n: bigint }>>().toEqualTypeOf<never>();
    expectTypeOf<Jsonify<Promise<number>>>().toEqualTypeOf<never>();
    expectTypeOf<Jsonify<{ n: Promise<number> }>>().toEqualTypeOf<never>();
    expectTypeOf<Jsonify<(string | undefined)[]>>().toExtend<(string | null)[]>();
  });
});

describe("inputs", () => {
  it("of plain types are taken", () => {
    defineActivity("json", (_ctx, input: Json) => input);
    defineActivity("order", (_ctx, input: Order) => input.id);
    defineOrchestrator("tuple", async (_ctx, [from, to]: [string, number?]) => from + String(to));
  });
});
