import type { HistoryEvent } from "@durabletask/core";
import { describe, expect, it } from "vitest";
import type { Outcome } from "./orchestrators.ts";
import type { Results } from "./results.ts";
import { verify } from "./verification.ts";

const end: HistoryEvent = {
  type: "executionCompleted",
  eventId: 1,
  timestamp: new Date(),
  orchestrationStatus: 1,
};
const shipped: Outcome = { status: "shipped", tracking: "AL-1", approvedBy: null };
const cancelled: Outcome = { status: "cancelled", reason: "payment declined" };

/** Results of orders for 5 euros, with these outcomes. */
function resultsOf(outcomes: Record<string, Outcome | undefined>, history = [end]): Results {
  const orders = Object.entries(outcomes).map(([id, outcome]) => ({
    order: {
      id,
      customer: "Ada",
      city: "Turin",
      country: "IT",
      card: "1234",
      lines: [{ sku: "MUG", title: "Mug", quantity: 1, price: 5 }],
    },
    status: outcome === undefined ? ("FAILED" as const) : ("COMPLETED" as const),
    outcome,
    history,
  }));
  const ids = orders.flatMap(({ order, outcome }) =>
    outcome?.status === "shipped" ? [order.id, `${order.id}-shipment`] : [order.id],
  );
  return { orders, histories: new Map(ids.map((id) => [id, history])) };
}

describe("verify", () => {
  it("finds nothing where all is well", () => {
    const results = resultsOf({ "A-1": shipped, "A-2": cancelled });
    expect(verify(results, [{ orderId: "A-1", cents: 500 }])).toEqual([]);
  });

  it.each([
    ["a shipped order that was not paid for", { "A-1": shipped }, [], "A-1: 1 payment due (500)"],
    ["one that was charged twice", { "A-1": shipped }, [500, 500], "but taken: 500,500"],
    ["one that was charged too little", { "A-1": shipped }, [499], "but taken: 499"],
    ["a cancelled order that was charged", { "A-1": cancelled }, [500], "A-1: 0 payment due"],
    ["an order that failed", { "A-1": undefined }, [], "A-1: FAILED, not completed"],
    ["a charge for nothing", {}, [500], "A-1: charged, unknown"],
  ])("finds %s", (_, outcomes, charges, fault) => {
    const found = verify(
      resultsOf(outcomes),
      charges.map((cents) => ({ orderId: "A-1", cents })),
    );
    expect(found).toEqual([expect.stringContaining(fault)]);
  });

  it("finds an order that ended twice", () => {
    const found = verify(resultsOf({ "A-1": cancelled }, [end, end]), []);
    expect(found).toEqual(["A-1: ended 2 times"]);
  });

  it("finds an orchestration that is missing, and one too many", () => {
    const { orders } = resultsOf({ "A-1": shipped });
    const histories = new Map([
      ["A-1", [end]],
      ["A-9", [end]],
    ]);
    expect(verify({ orders, histories }, [{ orderId: "A-1", cents: 500 }])).toEqual([
      "A-9: nobody ordered",
      "A-1-shipment: has no orchestration",
    ]);
  });
});
