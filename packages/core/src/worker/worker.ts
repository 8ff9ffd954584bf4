import type { AnyActivityFunction } from "../definition/activity.ts";
import { assertDefinable } from "../definition/activity.ts";
import { assertRegistrable, type Registrable, register } from "../definition/registrable.ts";
import type { AnyOrchestratorFunction } from "../engine/program.ts";
import { DurableTaskError } from "../errors.ts";
import type { Middleware } from "../middleware.ts";
import { ProcessHold } from "../process-hold.ts";
import type { Transport } from "../transport.ts";
import { type TaskHubWorkerOptions, type WorkerSettings, workerSettings } from "./options.ts";
import { WorkerRegistry } from "./registry.ts";
import { claimRejections } from "./unhandled-rejections.ts";
import { type StartOptions, untilConnected } from "./start-options.ts";
import { WorkLoop } from "./work-loop.ts";

type State =
  | { readonly kind: "stopped" }
  | { readonly kind: "running"; readonly loop: WorkLoop; readonly release: readonly (() => void)[] }
  | { readonly kind: "stopping"; readonly done: Promise<void> };

/**
 * Runs orchestrators and activities for a task hub.
 *
 * ```ts
 * await using worker = await new TaskHubWorker(transport).register(hello, greetAll).start();
 * ```
 *
 * A worker that cannot reach its hub keeps trying, and says so in its log. A started worker keeps the process alive until
 * it is stopped. `TaskHubGrpcWorker` in the other SDKs.
 */
export class TaskHubWorker implements AsyncDisposable {
  readonly #transport: Transport;
  readonly #settings: WorkerSettings;
  readonly #registry = new WorkerRegistry();
  #state: State = { kind: "stopped" };
  #stops = 0;

  /** Throws `InvalidArgumentError` for options that cannot be. */
  constructor(transport: Transport, options: TaskHubWorkerOptions = {}) {
    this.#transport = transport;
    this.#settings = workerSettings(options);
  }

  /**
   * Registers definitions. Throws `DuplicateRegistrationError`; `InvalidArgumentError` for what is no definition; and
   * `WORKER_RUNNING` once the worker is started.
   */
  register(...definitions: readonly Registrable[]): this {
    this.#assertStopped("register");
    for (const definition of definitions) {
      assertRegistrable(definition);
      definition[register](this.#registry);
    }
    return this;
  }

  /** Registers a plain function under its own name, as in the other SDKs. Bundlers that rename functions break that. */
  addActivity(activity: AnyActivityFunction): this {
    return this.addNamedActivity(activity.name, activity);
  }

  /** Registers a function as an activity under a name. */
  addNamedActivity(name: string, activity: AnyActivityFunction): this {
    this.#assertStopped("addNamedActivity");
    assertDefinable("addNamedActivity", name, activity);
    this.#registry.addActivity(name, { run: activity });
    return this;
  }

  /** Registers a plain function under its own name, as in the other SDKs. Bundlers that rename functions break that. */
  addOrchestrator(orchestrator: AnyOrchestratorFunction): this {
    return this.addNamedOrchestrator(orchestrator.name, orchestrator);
  }

  /** Registers a function as an orchestrator under a name. */
  addNamedOrchestrator(name: string, orchestrator: AnyOrchestratorFunction): this {
    this.#assertStopped("addNamedOrchestrator");
    assertDefinable("addNamedOrchestrator", name, orchestrator);
    this.#registry.addOrchestrator(name, { run: orchestrator });
    return this;
  }

  /** Puts a layer around orchestrations and activities; the first one given is the outermost. */
  use(middleware: Middleware): this {
    this.#assertStopped("use");
    this.#registry.middleware.push(middleware);
    return this;
  }

  /**
   * Starts to take work. Gives the worker, so that it can be bound to a scope by `await using`.
   *
   * With `untilConnected` it waits for the hub. If that does not come in time the worker is stopped again, and the call fails
   * with `DEADLINE_EXCEEDED`, or with the signal's reason; the `cause` tells why the hub was not reached.
   */
  async start(options: StartOptions = {}): Promise<this> {
    options.signal?.throwIfAborted();
    if (this.#state.kind === "stopping") {
      const stops = this.#stops;
      await this.#state.done;
      // A stop that was asked for meanwhile has the last word.
      if (this.#stops !== stops) return this;
    }
    this.#assertStopped("start");
    const loop = new WorkLoop(this.#transport, this.#registry, this.#settings);
    this.#state = {
      kind: "running",
      loop,
      release: [claimRejections(), new ProcessHold().take()],
    };
    if (options.untilConnected !== true) return this;
    try {
      await untilConnected(loop.stream, options, this.#settings.clock);
    } catch (error) {
      await this.stop();
      throw error;
    }
    return this;
  }

  /**
   * Stops: takes no new work, waits for what is under way up to `shutdownTimeout`, hands back the rest. The worker can be
   * started again. Without effect on one that is stopped.
   */
  async stop(): Promise<void> {
    this.#stops += 1;
    if (this.#state.kind === "stopping") return this.#state.done;
    if (this.#state.kind === "stopped") return;
    const { loop, release } = this.#state;
    const done = loop.stop().finally(() => {
      for (const letGo of release) letGo();
      this.#state = { kind: "stopped" };
    });
    this.#state = { kind: "stopping", done };
    await done;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #assertStopped(what: string): void {
    if (this.#state.kind === "stopped") return;
    throw new DurableTaskError("WORKER_RUNNING", `${what} needs a worker that is stopped`);
  }
}
