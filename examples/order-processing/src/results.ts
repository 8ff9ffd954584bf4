import type { HistoryEvent, OrchestrationStatus, TaskHubClient } from "@durabletask/core";
import type { Orchestrators, Outcome } from "./orchestrators.ts";
import type { Order } from "./orders.ts";

/** What the task hub knows of an order when all is done. */
export interface OrderResult {
  readonly order: Order;
  /** `undefined` where there is no orchestration of that id. */
  readonly status: OrchestrationStatus | undefined;
  /** `undefined` unless it has completed. */
  readonly outcome: Outcome | undefined;
  readonly history: readonly HistoryEvent[];
}

/** All that is in the task hub. */
export interface Results {
  readonly orders: readonly OrderResult[];
  /** The histories of every orchestration by instance id, the shipments' included. */
  readonly histories: ReadonlyMap<string, readonly HistoryEvent[]>;
}

/** Reads every order's result, and every orchestration's history. */
export async function readResults(
  client: TaskHubClient,
  { processOrder }: Orchestrators,
  orders: readonly Order[],
): Promise<Results> {
  const histories = new Map<string, readonly HistoryEvent[]>();
  for await (const { instanceId } of client.getAllInstances()) {
    histories.set(instanceId, await client.getOrchestrationHistory(instanceId));
  }
  const results = orders.map(async (order): Promise<OrderResult> => {
    const state = await client.getOrchestrationState(processOrder, order.id);
    const outcome = state?.status === "COMPLETED" ? state.output : undefined;
    return { order, status: state?.status, outcome, history: histories.get(order.id) ?? [] };
  });
  return { orders: await Promise.all(results), histories };
}
