import type { TaskHubStats } from "@durabletask/backend";
import { TaskHubError } from "@durabletask/core";
import type { OrchestratorRequest, WorkItem } from "@durabletask/protobuf";
import { OrchestrationStatus } from "@durabletask/protobuf";
import * as fc from "fast-check";
import { expect } from "vitest";
import type { HubBench } from "../hub-bench.ts";
import type { ActivityCall, ScriptedWorkerOptions, Turn } from "../scripted-worker.ts";
import { ScriptedWorker } from "../scripted-worker.ts";
import { settle } from "../settle.ts";
import { nextActions, type Seen, seenIn } from "../toy-worker.ts";

const which = fc.nat({ max: 7 });
const tastes = ["all", "turns", "activities", "children", "nothing"] as const;
type Taste = (typeof tastes)[number];

const misfortunes = [
  "reopen",
  "commit lost",
  "commit kept",
  "disk slow",
  "disk still",
  "disk well",
] as const;

/** One thing that workers do, or that befalls them. */
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("start" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("hire" as const),
      taste: fc.constantFrom(...tastes),
      /** How many items of each kind; 0 is no limit. */
      atOnce: fc.constantFrom(1, 2, 0),
      hasSessions: fc.boolean(),
    }),
  },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("take" as const), which }) },
  { weight: 9, arbitrary: fc.record({ kind: fc.constant("answer" as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("abandon" as const, "leave" as const, "cut" as const),
      which,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      ms: fc.constantFrom(10, 500, 1_000, 4_000, 5_000, 40_000),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("die" as const),
      /** How many items the first worker of the next process takes at once: what is open at several deaths runs alone. */
      takes: fc.nat({ max: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(...misfortunes),
    }),
  },
);

type Misfortune = (typeof misfortunes)[number];
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

export const oddDay: fc.Arbitrary<Step[]> = fc.array(step, { maxLength: 80, size: "max" });

/** An item that a worker is at, or was at when it went away. */
type Held = { readonly worker: OddWorker } & (Turn | ActivityCall);

/** What a worker remembers of an orchestration, up to the turn with this token. */
interface Session {
  readonly mark: string;
  readonly seen: Seen;
}

/** A worker that does nothing by itself. */
class OddWorker extends ScriptedWorker {
  readonly taste: Taste;
  readonly sessions = new Map<string, Session>();
  readonly #connection: AbortController;

  constructor(bench: HubBench, taste: Taste, options: ScriptedWorkerOptions) {
    const connection = new AbortController();
    super(bench.hub, { ...options, signal: connection.signal });
    this.taste = taste;
    this.#connection = connection;
  }

  cut(): void {
    this.#connection.abort(new TaskHubError("UNAVAILABLE", "the connection was cut"));
  }
}

/**
 * Toy orchestrations, which end by themselves, in the hands of workers that take what they like, hold it for as long as they
 * like, give it back, go away with it and answer all the same, on a hub that dies and a disk that fails. In the end somebody
 * does the work: nothing but that may be needed for everything to end, and for everybody who waits to be told.
 */
export class OddWorkers {
  readonly #bench: HubBench;
  #workers: OddWorker[] = [];
  #held: Held[] = [];
  readonly #ids: string[] = [];
  /** Those whose start was not acknowledged, those whose end somebody waits for, and those of whose end he was told. */
  readonly #unstarted = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #told = new Set<string>();
  #gate: PromiseWithResolvers<void> | undefined;

  constructor(bench: HubBench) {
    this.#bench = bench;
    // Somebody who always waits for work: what is ready must find him.
    this.#hire("all", 0, true).ask();
    this.#start();
  }

  async take(step: Step): Promise<void> {
    await this.#do(step);
    await settle(4);
  }

  async #do(step: Step): Promise<void> {
    switch (step.kind) {
      case "start":
        this.#start();
        return;
      case "hire":
        this.#hire(step.taste, step.atOnce, step.hasSessions).ask();
        return;
      case "take":
        await this.#take(at(this.#workers, step.which));
        return;
      case "answer":
        this.#answer(at(this.#held, step.which));
        return;
      case "abandon":
        this.#abandon(at(this.#held, step.which));
        return;
      case "leave":
      case "cut":
        this.#dismiss(at(this.#workers, step.which), step.kind);
        return;
      case "pass":
        await this.#bench.pass(step.ms);
        return;
      case "die":
        await this.#die(step.takes);
        return;
      default:
        await this.#befall(step.kind);
    }
  }

  async #die(takes: number): Promise<void> {
    this.#gate = undefined;
    await this.#bench.die();
    // Whoever had a connection to it has none any more.
    this.#asked.clear();
    for (const worker of this.#workers) this.#dismiss(worker, "cut");
    const successor = this.#hire("all", 0, true);
    successor.ask();
    for (let taken = 0; taken < takes; taken++) await this.#take(successor);
  }

  async #befall(kind: Misfortune): Promise<void> {
    const { store } = this.#bench;
    switch (kind) {
      case "reopen":
        this.#heal();
        await this.#bench.reopen();
        break;
      case "commit lost":
      case "commit kept":
        store.faults.push(kind === "commit lost" ? "lost" : "kept");
        break;
      case "disk slow":
        store.isSlow = true;
        break;
      case "disk still":
        this.#gate ??= Promise.withResolvers();
        store.gate = this.#gate.promise;
        break;
      case "disk well":
        this.#heal();
    }
  }

  #heal(): void {
    const { store } = this.#bench;
    store.faults.length = 0;
    store.isSlow = false;
    store.gate = undefined;
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  #start(): void {
    const id = `i${this.#ids.length}`;
    this.#ids.push(id);
    this.#unstarted.add(id);
    this.#askForStart(id);
  }

  #askForStart(id: string): void {
    this.#bench
      .start(id, { name: "parent" })
      .catch((error: unknown) => {
        if (!(error instanceof TaskHubError) || error.code !== "ALREADY_EXISTS") throw error;
      })
      .then(
        () => {
          this.#unstarted.delete(id);
          this.#askForEnd(id);
        },
        () => undefined,
      );
  }

  #askForEnd(instanceId: string): void {
    if (this.#asked.has(instanceId) || this.#told.has(instanceId)) return;
    this.#asked.add(instanceId);
    this.#bench.service.waitForInstanceCompletion({ instanceId }).then(
      ({ orchestrationState }) => {
        if (orchestrationState?.orchestrationStatus === OrchestrationStatus.COMPLETED)
          this.#told.add(instanceId);
      },
      () => this.#asked.delete(instanceId),
    );
  }

  #hire(taste: Taste, atOnce: number, hasSessions: boolean): OddWorker {
    const request = {
      maxConcurrentOrchestrationWorkItems: atOnce,
      maxConcurrentActivityWorkItems: atOnce,
      workItemFilters: filtersFor(taste),
    };
    const worker = new OddWorker(this.#bench, taste, { request, hasSessions });
    this.#workers.push(worker);
    return worker;
  }

  /** False if there was nothing. */
  async #take(worker: OddWorker | undefined): Promise<boolean> {
    try {
      if (!worker || (await worker.isIdle())) return false;
      const held = heldBy(worker, await worker.next());
      if (held) this.#held.push(held);
      worker.ask();
      return true;
    } catch {
      // Its stream has ended.
      this.#workers = this.#workers.filter((each) => each !== worker);
      return false;
    }
  }

  /** On whatever connection there is: the hub may be another one by now. */
  #answer(held: Held | undefined): void {
    if (!held) return;
    this.#held = this.#held.filter((each) => each !== held);
    const { worker, ...item } = held;
    const voice = this.#bench.worker();
    const answered =
      item.request.$typeName === "ActivityRequest"
        ? voice.finish({ ...item, request: item.request }, "done")
        : this.#answerTurn(voice, worker, { ...item, request: item.request });
    answered.catch(() => undefined);
  }

  async #answerTurn(voice: ScriptedWorker, worker: OddWorker, turn: Turn): Promise<void> {
    const { instanceId } = turn.request;
    const seen = seenBy(worker, turn.request);
    if (!seen) return await voice.answer(turn, [], { requiresHistory: true });
    const actions = nextActions(seen, this.#bench.clock.now());
    const names = [...seen.names, ...actions.map((action) => recordOf(action))];
    worker.sessions.set(instanceId, { mark: turn.token, seen: { ...seen, names } });
    await voice.answer(turn, actions);
  }

  #abandon(held: Held | undefined): void {
    if (!held) return;
    this.#held = this.#held.filter((each) => each !== held);
    held.worker.abandon(held).catch(() => undefined);
  }

  #dismiss(worker: OddWorker | undefined, how: "leave" | "cut"): void {
    if (!worker) return;
    this.#workers = this.#workers.filter((each) => each !== worker);
    if (how === "cut") worker.cut();
    else worker.close().catch(() => undefined);
  }

  /** The disk is well, and one of those who take everything goes on: all others have gone home. */
  async finish(): Promise<void> {
    this.#heal();
    await this.#bench.pass(20_000);
    const steady = this.#workers.find(({ taste }) => taste === "all");
    for (const worker of this.#workers) if (worker !== steady) this.#dismiss(worker, "leave");
    for (const held of this.#held) if (held.worker === steady) this.#answer(held);
    for (let round = 0; round < 100 && !this.#isOver(); round++) {
      for (const id of this.#unstarted) this.#askForStart(id);
      for (const id of this.#ids) if (!this.#unstarted.has(id)) this.#askForEnd(id);
      await this.#work();
      await this.#bench.pass(1_000);
    }
    expectAll(this.#ids, this.#told);
    expectAtRest(this.#bench.hub.stats());
  }

  #isOver(): boolean {
    return this.#told.size === this.#ids.length && this.#bench.hub.stats().liveInstances === 0;
  }

  async #work(): Promise<void> {
    const worker = this.#workers.find(({ taste }) => taste === "all") ?? this.#hire("all", 0, true);
    for (let items = 0; await this.#take(worker); items++) {
      // Without the clock there is an end to it.
      if (items === 500) throw new Error("the same work comes again and again");
      this.#answer(this.#held.at(-1));
    }
  }
}

function expectAll(ids: readonly string[], told: ReadonlySet<string>): void {
  expect([...told].toSorted()).toEqual(ids.toSorted());
}

function expectAtRest(stats: TaskHubStats): void {
  const nothing = { liveInstances: 0, readyTurns: 0, readyActivities: 0, waitingActivities: 0 };
  expect(stats).toMatchObject(nothing);
}

function at<T>(items: readonly T[], index: number): T | undefined {
  return items[index % Math.max(items.length, 1)];
}

function filtersFor(taste: Taste) {
  switch (taste) {
    case "all":
      return undefined;
    case "turns":
      return { orchestrations: [{ name: "parent" }, { name: "child" }] };
    case "activities":
      return { activities: [{ name: "work" }] };
    case "children":
      return { orchestrations: [{ name: "child" }] };
    case "nothing":
      return { orchestrations: [{ name: "other" }], activities: [{ name: "other" }] };
  }
}

function heldBy(worker: OddWorker, item: WorkItem): Held | undefined {
  const { request, completionToken: token } = item;
  if (request.case === "orchestratorRequest") return { worker, token, request: request.value };
  if (request.case === "activityRequest") return { worker, token, request: request.value };
  return undefined;
}

/** What the worker knows by now of an orchestration; nothing if it has forgotten, or somebody else has gone on with it. */
function seenBy(worker: OddWorker, request: OrchestratorRequest): Seen | undefined {
  const { instanceId, pastEvents, newEvents, properties } = request;
  const mark = properties["HistoryMark"]?.kind;
  if (mark?.case !== "stringValue") return seenIn([...pastEvents, ...newEvents]);
  const session = worker.sessions.get(instanceId);
  if (session?.mark !== mark.value) return undefined;
  return { ...session.seen, names: [...session.seen.names, ...seenIn(newEvents).names] };
}

/** The event that will record it. */
function recordOf({
  orchestratorActionType: { case: kind },
}: ReturnType<typeof nextActions>[0]): string {
  switch (kind) {
    case "scheduleTask":
      return "taskScheduled";
    case "createTimer":
      return "timerCreated";
    case "createSubOrchestration":
      return "subOrchestrationInstanceCreated";
    default:
      return "executionCompleted";
  }
}
