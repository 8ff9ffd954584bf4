import { type Transport, TaskHubWorker } from "@durabletask/core";
import { createActivities } from "./activities.ts";
import type { Ledger } from "./ledger.ts";
import { createOrchestrators } from "./orchestrators.ts";
import { ReplayCounter, type Replays } from "./replay-counter.ts";

/** The worker of the shop: it runs what happens to orders. */
export class ShopWorker implements AsyncDisposable {
  readonly #transport: ReplayCounter;
  readonly #worker: TaskHubWorker;

  private constructor(transport: ReplayCounter, worker: TaskHubWorker) {
    this.#transport = transport;
    this.#worker = worker;
  }

  static async start(transport: Transport, ledger: Ledger): Promise<ShopWorker> {
    const counter = new ReplayCounter(transport);
    const activities = createActivities(ledger);
    const worker = new TaskHubWorker(counter).register(
      ...Object.values(activities),
      ...Object.values(createOrchestrators(activities)),
    );
    await worker.start();
    return new ShopWorker(counter, worker);
  }

  /** Of this process. */
  get replays(): Replays {
    return this.#transport.replays;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#worker.stop();
  }
}
