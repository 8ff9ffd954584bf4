import { setTimeout as sleep } from "node:timers/promises";
import { TaskHubClient, TaskHubError, type Transport } from "@durabletask/core";
import { createActivities } from "./activities.ts";
import { answerApprovals } from "./approver.ts";
import type { Ledger } from "./ledger.ts";
import { createOrchestrators, type Orchestrators } from "./orchestrators.ts";
import type { Order } from "./orders.ts";

/** Orders come in one after the other, so that one can watch. */
const intakeIntervalMs = 28;

/** The client of the shop: it takes in orders, plays the manager who approves, and sees what has ended. */
export class ShopClient {
  readonly #client: TaskHubClient;
  readonly #ledger: Ledger;
  readonly #orchestrators: Orchestrators;
  readonly #ended = new Set<string>();

  constructor(transport: Transport, ledger: Ledger) {
    this.#client = new TaskHubClient(transport);
    this.#ledger = ledger;
    this.#orchestrators = createOrchestrators(createActivities(ledger));
  }

  /** How many orders have ended, those before this process began included. */
  get ended(): number {
    return this.#ended.size;
  }

  /** Finds what had ended before this process began. */
  async lookBack(): Promise<void> {
    const ended = this.#client.getAllInstances({ statuses: ["COMPLETED", "FAILED"] });
    for await (const { instanceId, parentInstanceId } of ended) {
      if (parentInstanceId === undefined) this.#ended.add(instanceId);
    }
  }

  /** Takes in all orders, and waits for their ends. */
  async processOrders(orders: readonly Order[]): Promise<void> {
    const closing = new AbortController();
    const approvals = answerApprovals(this.#client, this.#ledger, closing.signal);
    const ends: Promise<void>[] = [];
    for (const order of orders) {
      if (await this.#accept(order)) await sleep(intakeIntervalMs);
      ends.push(this.#followUp(order));
    }
    await Promise.all(ends);
    closing.abort();
    await approvals;
  }

  /** Starts an order's orchestration. False if it is known from before: the instance id makes it the only one. */
  async #accept(order: Order): Promise<boolean> {
    const options = { instanceId: order.id, ifExists: "fail" } as const;
    for (;;) {
      try {
        await this.#client.scheduleNewOrchestration(
          this.#orchestrators.processOrder,
          order,
          options,
        );
        return true;
      } catch (error) {
        if (!(error instanceof TaskHubError)) throw error;
        if (error.code === "ALREADY_EXISTS") return false;
        // Whether it was started is not known; asking again for the same id finds out.
        if (error.code !== "UNAVAILABLE") throw error;
        await sleep(100);
      }
    }
  }

  async #followUp(order: Order): Promise<void> {
    await this.#client.waitForOrchestrationCompletion(order.id, { fetchPayloads: false });
    this.#ended.add(order.id);
  }
}
