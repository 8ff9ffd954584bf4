import { setTimeout as sleep } from "node:timers/promises";
import { type ActivityContext, defineActivity, NonRetriableError } from "@durabletask/core";
import { fateOf } from "./fate.ts";
import type { Ledger } from "./ledger.ts";

/** A service did not answer. Trying again helps. */
class ServiceUnavailable extends Error {
  override name = "ServiceUnavailable";
}

/** The bank said no. Trying again does not help. */
class PaymentDeclined extends NonRetriableError {
  override name = "PaymentDeclined";
}

export type Activities = ReturnType<typeof createActivities>;

/** Everything that orders do to the world outside, which is simulated here, and remembers in its ledger what it did. */
export function createActivities(ledger: Ledger) {
  /** The time that a service takes, and its failures. */
  async function callService({ name, instanceId, taskId, signal }: ActivityContext, subject = "") {
    const step = `${name} ${subject}`.trimEnd();
    const attempt = ledger.begin({ instanceId, taskId, step });
    const { latencyMs, failures } = fateOf(`${instanceId} ${step}`);
    await sleep(latencyMs, undefined, { signal });
    if (attempt <= failures) throw new ServiceUnavailable(`no answer within ${latencyMs} ms`);
  }

  const reserveItem = defineActivity(
    "reserveItem",
    async (ctx, item: { sku: string; quantity: number }) => callService(ctx, item.sku),
  );

  const releaseItem = defineActivity("releaseItem", async (ctx, sku: string) =>
    callService(ctx, sku),
  );

  const askForApproval = defineActivity(
    "askForApproval",
    async (ctx, request: { orderId: string; cents: number }) => {
      ledger.askForApproval(request);
      await callService(ctx);
    },
  );

  const capturePayment = defineActivity(
    "capturePayment",
    async (ctx, payment: { orderId: string; cents: number; card: string }) => {
      const isDeclined = payment.card === "0002";
      if (!isDeclined) ledger.charge(payment);
      // Where this fails or is killed, the order has been paid for, but nobody here knows. The next attempt charges under
      // the same order id, and the bank recognises it.
      await callService(ctx);
      if (isDeclined) throw new PaymentDeclined(`card ${payment.card} was declined`);
    },
  );

  const bookCarrier = defineActivity("bookCarrier", async (ctx, country: string) => {
    await callService(ctx);
    return ["AT", "CH", "DE", "IT"].includes(country) ? "AlpenPost" : "Hermod";
  });

  const printLabel = defineActivity("printLabel", async (ctx, carrier: string) => {
    await callService(ctx);
    return `${carrier.slice(0, 2).toUpperCase()}-${ctx.instanceId}`;
  });

  const sendReceipt = defineActivity("sendReceipt", async (ctx, _tracking: string) =>
    callService(ctx),
  );

  return {
    reserveItem,
    releaseItem,
    askForApproval,
    capturePayment,
    bookCarrier,
    printLabel,
    sendReceipt,
  };
}
