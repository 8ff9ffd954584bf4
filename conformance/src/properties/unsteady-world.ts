import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import { isMessage } from "@bufbuild/protobuf";
import type { EmbeddedTaskHub, EmbeddedTaskHubOptions, Store } from "@durabletask/backend";
import { openEmbeddedTaskHub } from "@durabletask/backend";
import { createTaskHubService, VirtualClock } from "@durabletask/core/spi";
import type {
  CallOptions,
  Concurrency,
  OrchestrationState,
  SessionLimits,
  TaskHubWorkerOptions,
  Transport,
} from "@durabletask/core";
import { TaskHubClient, TaskHubError, TaskHubWorker } from "@durabletask/core";
import type { GetInstanceResponse, HistoryEvent } from "@durabletask/protobuf";
import { OrchestrationStatus, WorkItemSchema } from "@durabletask/protobuf";
import * as fc from "fast-check";
import { type AfterDeath, type Fault, FaultyStore } from "../faulty-store.ts";
import { settle } from "../settle.ts";
import { interpreter, Journal, unitMs } from "./program-interpreter.ts";
import { arrivalsOf, type Program } from "./program-tree.ts";

/** Something that goes wrong after a number of steps, and how many steps it takes until it is well again. */
export interface Trouble {
  readonly after: number;
  readonly kind:
    | "commit lost"
    | "commit kept"
    | "disk away"
    | "hub reopened"
    | "process died"
    | "died, lost"
    | "died, kept"
    | "worker restarted"
    | "worker killed"
    | "connection cut"
    | "work refused"
    | "suspended"
    | "somebody waits";
  readonly steps: number;
  /** Which worker or which orchestration. */
  readonly which: number;
}

export const trouble: fc.Arbitrary<Trouble> = fc.record({
  after: fc.integer({ min: 0, max: 12 }),
  kind: fc.constantFrom(
    "commit lost",
    "commit kept",
    "disk away",
    "hub reopened",
    "process died",
    "died, lost",
    "died, kept",
    "worker restarted",
    "worker killed",
    "connection cut",
    "work refused",
    "suspended",
    "somebody waits",
  ),
  steps: fc.integer({ min: 0, max: 4 }),
  which: fc.nat({ max: 2 }),
});

/** A worker: how it keeps sessions, and how much it does at once. */
export interface Hand {
  readonly sessions: SessionLimits | false;
  readonly concurrency?: Concurrency;
}

const one: Concurrency = { orchestrations: 1, activities: 1 };

/** One worker or several, each in its own way. */
export const crew: fc.Arbitrary<readonly Hand[]> = fc.constantFrom<readonly Hand[]>(
  [{ sessions: {} }],
  [{ sessions: {}, concurrency: one }],
  [{ sessions: false }],
  [{ sessions: { count: 1 } }],
  [{ sessions: { count: 3 } }],
  [{ sessions: { bytes: 1000 } }],
  [{ sessions: {} }, { sessions: false }],
  [{ sessions: { count: 1 }, concurrency: one }, { sessions: { count: 3 } }],
);

/** A hub: whether it keeps all events that come about here in memory, or some, or next to none. */
export const hubOptions: fc.Arbitrary<EmbeddedTaskHubOptions> =
  fc.constantFrom<EmbeddedTaskHubOptions>({}, { maxHistoryEvents: 20 }, { maxHistoryEvents: 1 });

/** A connection to whatever hub is open, which can be cut, and goes with the process that has it. */
class Connection implements Transport {
  readonly #hub: () => EmbeddedTaskHub;
  #streams = new AbortController();
  isDead = false;
  /** So many items that come next go back at once. */
  refusals = 0;

  constructor(hub: () => EmbeddedTaskHub) {
    this.#hub = hub;
  }

  cut(): void {
    this.#streams.abort(new TaskHubError("UNAVAILABLE", "the connection was cut"));
    this.#streams = new AbortController();
  }

  /** Nothing comes or goes any more. */
  die(): void {
    this.isDead = true;
    this.cut();
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): Promise<MessageShape<O>> {
    return await this.#living().unary(method, request, options);
  }

  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): AsyncIterable<MessageShape<O>> {
    const signals = [this.#streams.signal, ...(options?.signal ? [options.signal] : [])];
    const hub = this.#living();
    const messages = hub.stream(method, request, { ...options, signal: AbortSignal.any(signals) });
    return { [Symbol.asyncIterator]: () => this.#refusing(messages[Symbol.asyncIterator]()) };
  }

  /** Not a generator: `return()` must reach the hub while a `next()` is pending. */
  #refusing<Message>(messages: AsyncIterator<Message>): AsyncIterator<Message> {
    return {
      next: async () => {
        for (;;) {
          const result = await messages.next();
          if (result.done === true || !this.#refuses(result.value)) return result;
        }
      },
      return: async () => (await messages.return?.()) ?? { done: true, value: undefined },
    };
  }

  #refuses(message: unknown): boolean {
    if (this.refusals === 0 || !isMessage(message, WorkItemSchema)) return false;
    this.refusals -= 1;
    const { completionToken, request } = message;
    const service = createTaskHubService(this);
    const abandoned =
      request.case === "activityRequest"
        ? service.abandonTaskActivityWorkItem({ completionToken })
        : service.abandonTaskOrchestratorWorkItem({ completionToken });
    // Whoever has lost the hub has lost its work, too.
    abandoned.catch(() => undefined);
    return true;
  }

  #living(): EmbeddedTaskHub {
    if (this.isDead) throw new TaskHubError("UNAVAILABLE", "its process is dead");
    return this.#hub();
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

interface Member {
  readonly worker: TaskHubWorker;
  readonly connection: Connection;
  readonly hand: Hand;
}

/** What somebody who waited was told. */
export interface Answer {
  readonly instanceId: string;
  readonly milestone: "start" | "end";
  /** Absent if there was no such instance. */
  readonly status: string | undefined;
}

/** What came of a world: the states and histories of all orchestrations, children included. */
export interface Remains {
  readonly states: readonly OrchestrationState[];
  readonly histories: ReadonlyMap<string, readonly HistoryEvent[]>;
}

/** A hub, workers and programs on a virtual clock, and trouble. */
export class UnsteadyWorld {
  readonly clock = new VirtualClock();
  store: FaultyStore;
  readonly journal = new Journal();
  /** Whether activities fail no more. */
  isHealed = false;
  readonly warnings: unknown[] = [];
  readonly answers: Answer[] = [];
  readonly client: TaskHubClient;
  readonly #startMs = this.clock.now();
  readonly #members: Member[] = [];
  readonly #troubles: Trouble[] = [];
  readonly #cures: { step: number; readonly cure: () => Promise<unknown> }[] = [];
  readonly #restarting = new Set<TaskHubWorker>();
  #hub: EmbeddedTaskHub | undefined;
  #step = 0;
  #hubOptions: EmbeddedTaskHubOptions = {};
  /** Calls of clients that are still to succeed. */
  #open = 0;

  constructor(store: Store, afterDeath?: AfterDeath) {
    this.store = new FaultyStore(store, afterDeath);
    this.client = new TaskHubClient(new Connection(() => this.#current), { clock: this.clock });
  }

  get #current(): EmbeddedTaskHub {
    if (!this.#hub) throw new TaskHubError("UNAVAILABLE", "the hub is being opened");
    return this.#hub;
  }

  async open(crew: readonly Hand[], hub: EmbeddedTaskHubOptions = {}): Promise<void> {
    this.#hubOptions = hub;
    await this.#openHub();
    for (const hand of crew) await this.#hire(hand);
  }

  async close(): Promise<void> {
    for (const { worker } of this.#members) {
      let isStopped = false;
      const stopped = worker.stop().finally(() => {
        isStopped = true;
      });
      // What a worker is about to deliver waits for a hub that has come back.
      for (await settle(2); !isStopped; await settle(2)) this.clock.advanceToNext();
      await stopped;
    }
    await this.#hub?.close();
  }

  /**
   * Starts programs, raises what they wait for, and runs all to the end through all troubles. Nobody helps: it rejects if
   * anything is left that does not end by itself, or somebody is not told what he waits for.
   */
  async run(
    programs: readonly Program[],
    troubles: readonly Trouble[],
    faults: readonly Fault[] = [],
  ): Promise<Remains> {
    for (const [index, program] of programs.entries()) this.#schedule(`root-${index}`, program);
    this.#troubles.push(...troubles);
    this.store.faults.push(...faults);
    let quiet = 0;
    let idle = 0;
    let before: string | undefined;
    for (let step = 0; quiet < 2; step += 1) {
      if (step > 1000) throw new Error(`nothing more happens: ${this.#standstill()}`);
      this.#step = step;
      await this.#suffer(step);
      await settle(4);
      quiet = this.#isOver() ? quiet + 1 : 0;
      // Between two turns of a chain, for a moment, nothing is ready and nothing leased.
      const now = JSON.stringify(this.#stats());
      idle = this.#isBusy() || now !== before ? 0 : idle + 1;
      before = now;
      // What is not under way yet, such as a start, must not meet a clock that has run ahead.
      if (idle > 3 || step % 25 === 24) this.#pass(idle > 3);
    }
    this.store.faults.length = 0;
    return await this.#remains();
  }

  #standstill(): string {
    return JSON.stringify({ stats: this.#stats(), open: this.#open, answers: this.answers });
  }

  /** What the log says that must never be said of deterministic programs. */
  get suspicions(): readonly unknown[] {
    const harmless = /^(completion\.refused|abandon\.refused|worker\.disconnected|turn\.failed)$/u;
    return this.warnings.filter((event) => typeof event === "string" && !harmless.test(event));
  }

  /** Rewinds a failed orchestration, and runs all to the end again. */
  async rewind(instanceId: string, troubles: readonly Trouble[]): Promise<Remains> {
    void this.#insist(async () => {
      await createTaskHubService(this.#current)
        .rewindInstance({ instanceId })
        // An earlier attempt has taken effect, although nobody heard of it.
        .catch(orCode("FAILED_PRECONDITION"));
    });
    return await this.run([], troubles);
  }

  #schedule(instanceId: string, program: Program): void {
    const { style, body, generations } = program;
    const input = { body, generations, generation: 0, values: [] };
    void this.#insist(async () => {
      await this.client
        .scheduleNewOrchestration(`root ${style}`, input, { instanceId })
        .catch(orCode("ALREADY_EXISTS"));
      this.#wait(instanceId);
      for (const { name, at } of arrivalsOf(program)) {
        const raise = () => this.client.raiseOrchestrationEvent(instanceId, name, name);
        this.#at(this.#startMs + at * unitMs, () => void this.#insist(raise));
      }
    });
  }

  /** Without a limit of time: what a hub forgets to tell is never told. */
  #wait(instanceId: string): void {
    void this.#insist(async () => {
      const service = createTaskHubService(this.#current);
      this.#note("start", instanceId, await service.waitForInstanceStart({ instanceId }));
    });
    void this.#insist(async () => {
      const service = createTaskHubService(this.#current);
      this.#note("end", instanceId, await service.waitForInstanceCompletion({ instanceId }));
    });
  }

  #note(
    milestone: Answer["milestone"],
    instanceId: string,
    { orchestrationState }: GetInstanceResponse,
  ): void {
    const number = orchestrationState?.orchestrationStatus;
    const [status] =
      Object.entries(OrchestrationStatus).find(([, value]) => value === number) ?? [];
    this.answers.push({ instanceId, milestone, status });
  }

  #at(instant: number, callback: () => void): void {
    this.#open += 1;
    this.clock.schedule(
      () => {
        callback();
        this.#open -= 1;
      },
      Math.max(0, instant - this.clock.now()),
    );
  }

  /** What a client does whose call has an unknown outcome: it calls again. */
  async #insist(call: () => Promise<unknown>): Promise<void> {
    this.#open += 1;
    try {
      await call();
    } catch (error) {
      if (!(error instanceof TaskHubError)) throw error;
      this.#at(this.clock.now() + 1000, () => void this.#insist(call));
    }
    this.#open -= 1;
  }

  async #openHub(): Promise<void> {
    const { store } = this;
    store.onDeath = () => this.#die(3);
    const logger = { error: () => {}, warn: () => {} };
    try {
      const hub = await openEmbeddedTaskHub(store, {
        ...this.#hubOptions,
        clock: this.clock,
        logger,
      });
      if (store === this.store) this.#hub = hub;
      else void hub.close().catch(() => {});
    } catch (error) {
      // Unless the process has died of it, and the next one is to come.
      if (store === this.store) throw error;
    }
  }

  /** The process of the hub dies; after some steps the next one opens what it has left. */
  #die(steps: number): void {
    const hub = this.#hub;
    this.#hub = undefined;
    this.store.onDeath = () => {};
    const { faults } = this.store;
    this.store = this.store.successor();
    this.store.faults.push(...faults);
    for (const { connection } of this.#members) connection.cut();
    // Whatever it still does reaches nothing and nobody.
    void hub?.close().catch(() => {});
    this.#cures.push({ step: this.#step + 1 + steps, cure: () => this.#openHub() });
  }

  async #hire(hand: Hand): Promise<void> {
    const connection = new Connection(() => this.#current);
    const keep = (fields: Readonly<Record<string, unknown>>): void => {
      if (!connection.isDead) this.warnings.push(fields["event"]);
    };
    const options: TaskHubWorkerOptions = {
      clock: this.clock,
      logger: { warn: keep, error: keep },
      random: () => 0.5,
      maximumTimerInterval: { milliseconds: 2 * unitMs },
      ...hand,
    };
    const worker = new TaskHubWorker(connection, options).register(
      ...interpreter(this.journal, () => this.isHealed),
    );
    this.#members.push({ worker: await worker.start(), connection, hand });
  }

  async #suffer(step: number): Promise<void> {
    while (this.#cures[0] && this.#cures[0].step <= step) await this.#cures.shift()?.cure();
    const [trouble] = this.#troubles;
    if (trouble === undefined || this.#cures.length > 0 || step % (trouble.after + 1) > 0) return;
    this.#troubles.shift();
    const cure = await this.#begin(trouble);
    if (cure !== undefined) this.#cures.push({ step: step + 1 + trouble.steps, cure });
  }

  async #begin({ kind, which, steps }: Trouble): Promise<(() => Promise<unknown>) | undefined> {
    const member = this.#members[which % this.#members.length];
    const { worker, connection } = member ?? {};
    const id = `root-${which}`;
    switch (kind) {
      case "commit lost":
        this.store.faults.push("lost");
        return undefined;
      case "commit kept":
        this.store.faults.push("kept");
        return undefined;
      case "died, lost":
      case "died, kept":
        this.store.faults.push(kind);
        return undefined;
      case "process died":
        this.#die(steps);
        return undefined;
      case "disk away":
        this.store.isDown = true;
        return async () => {
          this.store.isDown = false;
        };
      case "hub reopened": {
        // A hub whose last commit fails has a test of its own.
        this.store.faults.length = 0;
        await settle(4);
        const hub = this.#hub;
        this.#hub = undefined;
        await hub?.close().catch(() => {});
        return () => this.#openHub();
      }
      case "worker restarted": {
        if (worker === undefined || this.#restarting.has(worker)) return undefined;
        this.#restarting.add(worker);
        void worker.stop().then(async () => {
          await worker.start();
          this.#restarting.delete(worker);
        });
        return undefined;
      }
      case "worker killed":
        if (member === undefined || this.#restarting.has(member.worker)) return undefined;
        this.#members.splice(this.#members.indexOf(member), 1);
        member.connection.die();
        void member.worker.stop().catch(() => {});
        return () => this.#hire(member.hand);
      case "connection cut":
        connection?.cut();
        return undefined;
      case "somebody waits":
        this.#wait(id);
        return undefined;
      case "work refused":
        if (connection !== undefined) connection.refusals += steps + 1;
        return undefined;
      case "suspended":
        await this.client.suspendOrchestration(id).catch(() => {});
        return () =>
          this.#insist(() => this.client.resumeOrchestration(id).catch(orCode("NOT_FOUND")));
      default:
        return kind satisfies never;
    }
  }

  #stats(): ReturnType<EmbeddedTaskHub["stats"]> | undefined {
    try {
      return this.#hub?.stats();
    } catch {
      // The hub cannot reach its store right now.
      return undefined;
    }
  }

  #isBusy(): boolean {
    const stats = this.#stats();
    if (stats === undefined || stats.streams === 0) return false;
    // What is ready and stays so waits for an instant: until somebody who refused it gets it again, or may be alone.
    return stats.leasedTurns + stats.leasedActivities > 0;
  }

  #isOver(): boolean {
    const isCalm =
      this.#open === 0 &&
      this.#restarting.size === 0 &&
      this.#troubles.length === 0 &&
      this.#cures.length === 0;
    return isCalm && this.#stats()?.liveInstances === 0;
  }

  /** Lets time pass: to the next thing that happens, or only a little where somebody is about to come back. */
  #pass(isIdle: boolean): void {
    const isWell =
      isIdle && this.#cures.length === 0 && this.#stats()?.streams === this.#members.length;
    if (!isWell) return this.clock.advance(1000);
    const before = JSON.stringify(this.#stats());
    const open = this.#open;
    for (let look = 0; look < 400; look += 1) {
      this.clock.advanceToNext();
      if (JSON.stringify(this.#stats()) !== before || this.#open !== open) return undefined;
    }
    return undefined;
  }

  async #remains(): Promise<Remains> {
    const states: OrchestrationState[] = [];
    const histories = new Map<string, readonly HistoryEvent[]>();
    const service = createTaskHubService(this.#current);
    for await (const state of this.client.getAllInstances({ fetchPayloads: true })) {
      const { instanceId } = state;
      const events: HistoryEvent[] = [];
      for await (const chunk of service.streamInstanceHistory({ instanceId })) {
        events.push(...chunk.events);
      }
      states.push(state);
      histories.set(instanceId, events);
    }
    return { states, histories };
  }
}

function orCode(code: string): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof TaskHubError) || error.code !== code) throw error;
  };
}
