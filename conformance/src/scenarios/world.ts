import { openEmbeddedTaskHub } from "@durabletask/backend";
import type { EmbeddedTaskHub, Store } from "@durabletask/backend";
import { VirtualClock } from "@durabletask/core/spi";
import type {
  InstanceId,
  Logger,
  OrchestrationState,
  Registrable,
  TaskHubWorkerOptions,
  Transport,
} from "@durabletask/core";
import { TaskHubClient, TaskHubWorker } from "@durabletask/core";
import { onTestFinished } from "vitest";
import { settle } from "../settle.ts";

/** How a scenario is run: on which store, and how the worker works. */
export interface Setting {
  readonly name: string;
  readonly createStore: () => Store;
  readonly worker: TaskHubWorkerOptions;
  /** What lies between workers and hub. */
  readonly wrap?: (hub: Transport) => Transport;
}

/** A hub, a client and workers on one virtual clock. What they log is kept. */
export class World {
  readonly hub: EmbeddedTaskHub;
  readonly clock: VirtualClock;
  readonly client: TaskHubClient;
  readonly warnings: string[] = [];
  readonly #options: TaskHubWorkerOptions;
  readonly #transport: Transport;

  private constructor(hub: EmbeddedTaskHub, clock: VirtualClock, { worker, wrap }: Setting) {
    this.hub = hub;
    this.clock = clock;
    this.client = new TaskHubClient(hub, { clock });
    this.#options = worker;
    this.#transport = wrap ? wrap(hub) : hub;
  }

  /** Opens one for the running test, and closes it when the test is over. */
  static async open(setting: Setting): Promise<World> {
    const clock = new VirtualClock();
    const hub = await openEmbeddedTaskHub(setting.createStore(), { clock, logger: {} });
    onTestFinished(() => hub.close());
    return new World(hub, clock, setting);
  }

  /** A logger that keeps warnings and errors. */
  get logger(): Logger {
    const keep = (_fields: unknown, message: string): number => this.warnings.push(message);
    return { warn: keep, error: keep };
  }

  /** Starts a worker for the running test. */
  async work(
    definitions: readonly Registrable[],
    options: TaskHubWorkerOptions = {},
    transport: Transport = this.#transport,
  ): Promise<TaskHubWorker> {
    const worker = new TaskHubWorker(transport, {
      clock: this.clock,
      logger: this.logger,
      ...this.#options,
      ...options,
    });
    onTestFinished(() => worker.stop());
    return await worker.register(...definitions).start();
  }

  /** Lets everything happen that can happen without the clock. */
  async idle(): Promise<void> {
    await settle(24);
  }

  /** Lets time pass, and everything happen that happens meanwhile. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    for (await this.idle(); (this.clock.next ?? Infinity) <= end; await this.idle()) {
      this.clock.advanceToNext();
    }
    this.clock.advance(end - this.clock.now());
    await this.idle();
  }

  /** Waits for the end of an orchestration; time passes when nothing else can happen. */
  async end<Out>(id: InstanceId<Out>): Promise<OrchestrationState<Out>> {
    return await this.passUntil(this.client.waitForOrchestrationCompletion(id));
  }

  /** Waits for anything; time passes when nothing else can happen. */
  async passUntil<T>(promise: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    promise.then(over, over);
    for (let step = 0; !isOver; step += 1) {
      if (step > 10_000) throw new Error("nothing more happens, however much time passes");
      await this.idle();
      // A hub looks at its clock every 30 s: through long waits, several such looks are one step.
      for (let look = 0; look < (step < 50 ? 1 : 200) && !isOver; look += 1) {
        const { rows } = this.hub.stats();
        this.clock.advanceToNext();
        if (this.hub.stats().rows !== rows) break;
      }
    }
    return await promise;
  }
}
