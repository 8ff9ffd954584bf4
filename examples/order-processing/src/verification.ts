import type { Charge } from "./ledger.ts";
import { totalCents } from "./orders.ts";
import type { OrderResult, Results } from "./results.ts";

/**
 * Compares what the task hub says with what the bank says. Gives what is wrong, which is nothing: every order has ended
 * exactly once, every shipped one was charged exactly once and in full, and no other was charged.
 */
export function verify({ orders, histories }: Results, charges: readonly Charge[]): string[] {
  const chargesOf = Map.groupBy(charges, ({ orderId }) => orderId);
  const expected = new Set(
    orders.flatMap(({ order, outcome }) =>
      outcome?.status === "shipped" ? [order.id, `${order.id}-shipment`] : [order.id],
    ),
  );
  const known = new Set(orders.map(({ order }) => order.id));
  return [
    ...orders.flatMap((result) => [
      ...verifyEnd(result),
      ...verifyCharges(result, chargesOf.get(result.order.id) ?? []),
    ]),
    ...[...histories.keys()].filter((id) => !expected.has(id)).map((id) => `${id}: nobody ordered`),
    ...[...expected].filter((id) => !histories.has(id)).map((id) => `${id}: has no orchestration`),
    ...[...chargesOf.keys()].filter((id) => !known.has(id)).map((id) => `${id}: charged, unknown`),
  ];
}

function verifyEnd({ order, status, outcome, history }: OrderResult): string[] {
  if (outcome === undefined) return [`${order.id}: ${status ?? "not there"}, not completed`];
  const ends = history.filter(({ type }) => type === "executionCompleted").length;
  return ends === 1 ? [] : [`${order.id}: ended ${ends} times`];
}

function verifyCharges({ order, outcome }: OrderResult, charges: readonly Charge[]): string[] {
  const due = outcome?.status === "shipped" ? [totalCents(order)] : [];
  const taken = charges.map(({ cents }) => cents);
  if (taken.join() === due.join()) return [];
  return [`${order.id}: ${due.length} payment due (${due.join()}), but taken: ${taken.join()}`];
}
