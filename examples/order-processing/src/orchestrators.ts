import {
  defineEvent,
  defineOrchestrator,
  type OrchestrationContext,
  TaskFailedError,
  whenAll,
} from "@durabletask/core";
import type { Activities } from "./activities.ts";
import { type Order, totalCents } from "./orders.ts";

/** Orders above this need somebody's approval. */
const approvalThresholdCents = 750_00;

/** Raised by whoever decides on an order. */
export const approval = defineEvent<{ isApproved: boolean; by: string }>("approval");

/** What became of an order. */
export type Outcome =
  | { readonly status: "shipped"; readonly tracking: string; readonly approvedBy: string | null }
  | { readonly status: "cancelled"; readonly reason: "payment declined" | "not approved" };

export type Orchestrators = ReturnType<typeof createOrchestrators>;

/** A service may be away for a moment: try again, with growing pauses. */
const retry = {
  maxNumberOfAttempts: 4,
  firstRetryInterval: { milliseconds: 150 },
  backoffCoefficient: 2,
};

/** What happens to orders, on top of activities. */
export function createOrchestrators(activities: Activities) {
  const { reserveItem, releaseItem, askForApproval, capturePayment } = activities;
  const { bookCarrier, printLabel, sendReceipt } = activities;

  const shipOrder = defineOrchestrator("shipOrder", async (ctx, country: string) => {
    const carrier = await ctx.callActivity(bookCarrier, country, { retry });
    await ctx.createTimer({ milliseconds: 400 }); // until the van is there
    return await ctx.callActivity(printLabel, carrier, { retry });
  });

  const processOrder = defineOrchestrator(
    "processOrder",
    async (ctx, order: Order): Promise<Outcome> => {
      await whenAll(
        order.lines.map(({ sku, quantity }) =>
          ctx.callActivity(reserveItem, { sku, quantity }, { retry }),
        ),
      );

      const cents = totalCents(order);
      let approvedBy: string | null = null;
      if (cents > approvalThresholdCents) {
        await ctx.callActivity(askForApproval, { orderId: order.id, cents }, { retry });
        const decision = await ctx.waitForExternalEvent(approval);
        if (!decision.isApproved) return await cancel(ctx, order, "not approved");
        approvedBy = decision.by;
      }

      try {
        const { id: orderId, card } = order;
        await ctx.callActivity(capturePayment, { orderId, cents, card }, { retry });
      } catch (error) {
        if (!(error instanceof TaskFailedError && error.isCausedBy("PaymentDeclined"))) throw error;
        return await cancel(ctx, order, "payment declined");
      }

      const tracking = await ctx.callSubOrchestrator(shipOrder, order.country, {
        instanceId: `${order.id}-shipment`,
      });
      await ctx.callActivity(sendReceipt, tracking, { retry });
      return { status: "shipped", tracking, approvedBy };
    },
  );

  /** Takes back what has been done for the order so far. */
  async function cancel(
    ctx: OrchestrationContext,
    { lines }: Order,
    reason: "payment declined" | "not approved",
  ): Promise<Outcome> {
    await whenAll(lines.map(({ sku }) => ctx.callActivity(releaseItem, sku, { retry })));
    return { status: "cancelled", reason };
  }

  return { processOrder, shipOrder };
}
