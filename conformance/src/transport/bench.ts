import { randomUUID } from "node:crypto";
import type {
  InstanceId,
  OrchestrationState,
  Registrable,
  TaskHubWorkerOptions,
  Transport,
} from "@durabletask/core";
import { silentLogger, TaskHubClient, TaskHubWorker } from "@durabletask/core";
import { onTestFinished } from "vitest";
import type { TaskHubUnderTest } from "./task-hub-under-test.ts";

/** One thing that must hold, whatever the transport. It fails by throwing. */
export type Scenario = (bench: Bench) => Promise<void>;

/** Scenarios by their titles. */
export type Scenarios = Readonly<Record<string, Scenario>>;

/** How long a scenario waits for what must come. */
const patience = { seconds: 20 };

/** What a scenario works with: a client and workers, each on a connection of its own, for the running test. */
export class Bench {
  readonly transport: Transport;
  readonly client: TaskHubClient;
  /** Begins the ids of this scenario's instances: it may share the task hub with others. */
  readonly prefix: string = `${randomUUID().slice(0, 8)}-`;
  readonly #hub: TaskHubUnderTest;

  private constructor(hub: TaskHubUnderTest, transport: Transport) {
    this.#hub = hub;
    this.transport = transport;
    this.client = new TaskHubClient(transport, { logger: silentLogger });
  }

  static async open(hub: TaskHubUnderTest): Promise<Bench> {
    const transport = await hub.connect();
    onTestFinished(() => transport[Symbol.asyncDispose]());
    return new Bench(hub, transport);
  }

  /** Another connection. */
  async connect(): Promise<Transport> {
    const transport = await this.#hub.connect();
    onTestFinished(() => transport[Symbol.asyncDispose]());
    return transport;
  }

  /** A connection that leads to a transport of the scenario's own. */
  async connectTo(behind: Transport): Promise<Transport> {
    const hub = await this.#hub.around(behind);
    const transport = await hub.connect();
    onTestFinished(async () => {
      await transport[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
    });
    return transport;
  }

  /** An instance id of this scenario. */
  id(name: string): string {
    return this.prefix + name;
  }

  /** Starts a worker, which is stopped when the test is over. */
  async work(
    definitions: readonly Registrable[],
    options: TaskHubWorkerOptions = {},
  ): Promise<TaskHubWorker> {
    const worker = new TaskHubWorker(await this.connect(), { logger: silentLogger, ...options });
    onTestFinished(() => worker.stop());
    return await worker.register(...definitions).start();
  }

  /** Waits for the end of an orchestration. */
  async end<Out>(id: InstanceId<Out>): Promise<OrchestrationState<Out>>;
  async end(id: string): Promise<OrchestrationState>;
  async end(id: string): Promise<OrchestrationState> {
    return await this.client.waitForOrchestrationCompletion(id, { timeout: patience });
  }

  /** Waits for the start of an orchestration. */
  async begin(id: string): Promise<void> {
    await this.client.waitForOrchestrationStart(id, { timeout: patience });
  }

  /** Waits until an orchestration shows this custom status. */
  async shows(id: string, status: unknown): Promise<void> {
    await this.until(async () => {
      const state = await this.client.getOrchestrationState(id);
      return JSON.stringify(state?.customStatus) === JSON.stringify(status);
    });
  }

  /** Waits until something holds that no call can wait for. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + patience.seconds * 1000;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error("what the scenario waits for does not come");
      await new Promise((resolve) => void setTimeout(resolve, 10));
    }
  }
}
