import type { MessageInitShape } from "@bufbuild/protobuf";
import type { EmbeddedTaskHub, EmbeddedTaskHubOptions, Store } from "@durabletask/backend";
import { openEmbeddedTaskHub } from "@durabletask/backend";
import { createTaskHubService, type TaskHubService, VirtualClock } from "@durabletask/core/spi";
import type {
  CreateInstanceRequestSchema,
  HistoryEvent,
  OrchestrationState,
} from "@durabletask/protobuf";
import { onTestFinished } from "vitest";
import { FaultyStore } from "./faulty-store.ts";
import type { ScriptedWorkerOptions } from "./scripted-worker.ts";
import { ScriptedWorker } from "./scripted-worker.ts";
import { settle } from "./settle.ts";

/** Makes the store that a suite is run on: a new and empty one for each test. */
export type CreateStore = () => Store;

/** Opens a hub for one test; it is closed when the test is over. */
export async function openBench(
  createStore: CreateStore,
  options: EmbeddedTaskHubOptions = {},
): Promise<HubBench> {
  const bench = new HubBench(new FaultyStore(createStore()), options);
  await bench.open();
  onTestFinished(() => bench.close());
  return bench;
}

/** A hub on a virtual clock, and what a test needs to look at it. */
export class HubBench {
  readonly clock = new VirtualClock();
  store: FaultyStore;
  readonly warnings: string[] = [];
  /** The facts of the warnings, in the same order. */
  readonly facts: Readonly<Record<string, unknown>>[] = [];
  /** While set, what needs a new id breaks off. */
  lacksIds = false;
  readonly #options: EmbeddedTaskHubOptions;
  #hub: EmbeddedTaskHub | undefined;
  #ids = 0;

  constructor(store: FaultyStore, options: EmbeddedTaskHubOptions) {
    this.store = store;
    this.#options = options;
  }

  get hub(): EmbeddedTaskHub {
    if (!this.#hub) throw new Error("the hub is closed");
    return this.#hub;
  }

  get service(): TaskHubService {
    return createTaskHubService(this.hub);
  }

  async open(): Promise<void> {
    this.#hub = await openEmbeddedTaskHub(this.store, {
      clock: this.clock,
      logger: {
        warn: (facts, message) => {
          this.facts.push(facts);
          this.warnings.push(message);
        },
      },
      newId: () => this.#newId(),
      ...this.#options,
    });
  }

  #newId(): string {
    if (this.lacksIds) throw new Error("injected: no id");
    return (++this.#ids).toString(16).padStart(32, "0");
  }

  async close(): Promise<void> {
    await this.#hub?.close();
    this.#hub = undefined;
  }

  async reopen(): Promise<void> {
    await this.close();
    await this.open();
  }

  /** The process dies, and another one opens the hub. */
  async die(): Promise<void> {
    this.store = this.store.successor();
    await this.open();
  }

  worker(options?: ScriptedWorkerOptions): ScriptedWorker {
    return new ScriptedWorker(this.hub, options);
  }

  /** Starts an orchestration called "main" and waits for the acknowledgement. */
  async start(
    instanceId: string,
    more: MessageInitShape<typeof CreateInstanceRequestSchema> = {},
  ): Promise<string> {
    const started = await this.service.startInstance({ instanceId, name: "main", ...more });
    return started.instanceId;
  }

  async state(instanceId: string): Promise<OrchestrationState> {
    const { orchestrationState } = await this.service.getInstance({
      instanceId,
      getInputsAndOutputs: true,
    });
    if (!orchestrationState) throw new Error(`there is no instance ${instanceId}`);
    return orchestrationState;
  }

  async exists(instanceId: string): Promise<boolean> {
    return (await this.service.getInstance({ instanceId })).exists;
  }

  async history(instanceId: string): Promise<HistoryEvent[]> {
    const events: HistoryEvent[] = [];
    for await (const chunk of this.service.streamInstanceHistory({ instanceId })) {
      events.push(...chunk.events);
    }
    return events;
  }

  /** Lets time pass, and all that follows happen. */
  async pass(ms: number): Promise<void> {
    await settle();
    this.clock.advance(ms);
    await settle();
  }
}
