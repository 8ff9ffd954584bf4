import type { TaskHubStats } from "@durabletask/backend";
import { OrchestrationStatus } from "@durabletask/protobuf";
import * as fc from "fast-check";
import { expect } from "vitest";
import { child, complete, continueAsNew, fail, schedule, send, timer } from "./actions.ts";
import type { HubBench } from "./hub-bench.ts";
import { expectInvariants, expectNoOrphans } from "./invariants.ts";
import type { ActivityCall, ScriptedWorker, Turn } from "./scripted-worker.ts";
import { settle } from "./settle.ts";

const ids = ["a", "b", "c", "__proto__"];
const instance = fc.constantFrom(...ids);

/** One thing that may happen to a hub. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("start" as const), id: instance }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("raise" as const), id: instance }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "suspend" as const,
        "resume" as const,
        "terminate" as const,
        "purge" as const,
        "rewind" as const,
        "restart" as const,
      ),
      id: instance,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("turn" as const),
      moves: fc.array(
        fc.constantFrom(
          "schedule",
          "timer",
          "child",
          "same child",
          "send",
          "complete",
          "fail",
          "renew",
        ),
        { maxLength: 4 },
      ),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("activity" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      id: instance,
      milestone: fc.constantFrom("start" as const, "end" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "repeat" as const,
        "abandon" as const,
        "pass" as const,
        "reconnect" as const,
        "lose" as const,
        "late" as const,
        "parts" as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "crash lost" as const,
        "crash kept" as const,
        "reopen" as const,
        "die" as const,
      ),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

export const walk: fc.Arbitrary<Step[]> = fc.array(step, { maxLength: 60, size: "max" });

/** An event that a caller was told has come. */
interface Acknowledged {
  readonly id: string;
  readonly executionId: string | undefined;
  readonly input: string;
}

/** Somebody who waits for an instance to start or to end, and asks again if the hub goes away. */
interface Waiter {
  readonly id: string;
  readonly milestone: "start" | "end";
  /** Whether the hub that is open has been asked, and has not refused. */
  isAsked: boolean;
  isTold: boolean;
}

/** Does random things to a hub and checks after each of them that the store is sound and has lost nothing. */
export class RandomWalk {
  readonly #bench: HubBench;
  #worker: ScriptedWorker;
  #actionId = 0;
  #events = 0;
  readonly #acknowledged: Acknowledged[] = [];
  readonly #answered: (Turn | ActivityCall)[] = [];
  /** What workers were at when their streams ended. */
  readonly #lost: (Turn | ActivityCall)[] = [];
  #waiters: Waiter[] = [];
  /** Those who were told of what had not come about. */
  readonly #mistold: Waiter[] = [];

  constructor(bench: HubBench) {
    this.#bench = bench;
    this.#worker = bench.worker({ hasSessions: true });
  }

  async take(step: Step): Promise<void> {
    await this.#do(step).catch(expectPermitted);
    await settle(6);
    await expectInvariants(this.#bench.store);
    for (const event of this.#acknowledged) await this.#expectKept(event);
    await this.#expectTold();
  }

  async #do(step: Step): Promise<void> {
    const { service } = this.#bench;
    switch (step.kind) {
      case "start":
        await this.#bench.start(step.id);
        return;
      case "raise":
        await this.#raise(step.id);
        return;
      case "suspend":
        await service.suspendInstance({ instanceId: step.id });
        return;
      case "resume":
        await service.resumeInstance({ instanceId: step.id });
        return;
      case "terminate":
        await service.terminateInstance({ instanceId: step.id, recursive: true });
        return;
      case "purge":
        await service.purgeInstances({
          request: { case: "instanceId", value: step.id },
          recursive: true,
        });
        return;
      case "rewind":
        await service.rewindInstance({ instanceId: step.id });
        return;
      case "restart":
        await service.restartInstance({ instanceId: step.id });
        return;
      case "turn":
        await this.#turn(step.moves);
        return;
      case "activity":
        await this.#activity();
        return;
      case "wait":
        this.#waiters.push({ ...step, isAsked: false, isTold: false });
        return;
      case "repeat":
        await this.#repeat();
        return;
      case "abandon":
        await this.#abandon();
        return;
      case "pass":
        await this.#bench.pass(1500);
        return;
      case "reconnect":
        await this.#reconnect();
        return;
      case "lose":
        await this.#lose();
        return;
      case "late":
        await this.#late();
        return;
      case "parts":
        await this.#parts();
        return;
      case "crash lost":
      case "crash kept":
        this.#bench.store.faults.push(step.kind === "crash lost" ? "lost" : "kept");
        await this.#raise(ids[0] ?? "").catch(expectPermitted);
        await this.#afterCrash();
        return;
      case "die":
        await this.#bench.die();
        // The connections of those who wait are lost.
        for (const waiter of this.#waiters) waiter.isAsked = false;
        this.#worker = this.#bench.worker({ hasSessions: true });
        return;
      case "reopen":
        await this.#bench.reopen();
        this.#worker = this.#bench.worker({ hasSessions: true });
    }
  }

  async #raise(instanceId: string): Promise<void> {
    const { orchestrationState } = await this.#bench.service.getInstance({ instanceId });
    const input = String(++this.#events);
    await this.#bench.service.raiseEvent({ instanceId, name: "x", input });
    const status = orchestrationState?.orchestrationStatus;
    const { RUNNING, PENDING, SUSPENDED } = OrchestrationStatus;
    if (status !== RUNNING && status !== PENDING && status !== SUSPENDED) return;
    this.#acknowledged.push({
      id: instanceId,
      executionId: orchestrationState?.executionId,
      input,
    });
  }

  /** An event stays in the log of its execution, once, until the execution is over. */
  async #expectKept({ id, executionId, input }: Acknowledged): Promise<void> {
    const stored = await this.#bench.store.find(id, false);
    if (stored?.record.executionId !== executionId || stored?.record.completedAt !== undefined)
      return;
    const rows = await this.#bench.store.chain(stored?.record.tail ?? 0);
    const found = rows
      .flatMap(({ events }) => events)
      .filter(
        ({ eventType }) => eventType.case === "eventRaised" && eventType.value.input === input,
      );
    expectOne(found);
  }

  /** Whoever waits for what has come about has heard of it. Those whom the hub has refused ask again. */
  async #expectTold(): Promise<void> {
    this.#waiters = this.#waiters.filter(({ isTold }) => !isTold);
    for (const waiter of this.#waiters) {
      if (!waiter.isAsked) this.#ask(waiter);
      else if (!(await this.#mayWait(waiter))) throw new Error(`untold: ${JSON.stringify(waiter)}`);
    }
  }

  #ask(waiter: Waiter): void {
    const { id: instanceId, milestone } = waiter;
    const { service } = this.#bench;
    const method = milestone === "start" ? "waitForInstanceStart" : "waitForInstanceCompletion";
    waiter.isAsked = true;
    service[method]({ instanceId }).then(
      ({ orchestrationState }) => {
        waiter.isTold = true;
        const status = orchestrationState?.orchestrationStatus;
        if (status !== undefined && !isReached(milestone, status)) this.#mistold.push(waiter);
      },
      () => {
        waiter.isAsked = false;
      },
    );
  }

  async #mayWait({ id: instanceId, milestone }: Waiter): Promise<boolean> {
    const found = await this.#bench.service.getInstance({ instanceId }).catch(expectPermitted);
    if (!found) return true;
    const status = found.orchestrationState?.orchestrationStatus;
    // One that is suspended may not have begun.
    if (milestone === "start" && status === OrchestrationStatus.SUSPENDED) return true;
    return status !== undefined && !isReached(milestone, status);
  }

  async #turn(moves: readonly string[]): Promise<void> {
    if (await this.#worker.isIdle()) return;
    const item = await this.#worker.next();
    if (item.request.case === "activityRequest") {
      const call = { token: item.completionToken, request: item.request.value };
      this.#answered.push(call);
      await this.#worker.finish(call, "r");
    } else if (item.request.case === "orchestratorRequest") {
      const turn = { token: item.completionToken, request: item.request.value };
      this.#answered.push(turn);
      const actions = moves.map((move) => this.#move(move));
      await this.#worker.answer(turn, actions);
    }
  }

  #move(move: string) {
    const id = ++this.#actionId;
    switch (move) {
      case "schedule":
        return schedule(id);
      case "timer":
        return timer(id, this.#bench.clock.now() + 1000);
      case "child":
        return child(id);
      case "same child":
        return child(id, "kid");
      case "send":
        return send(id, ids[id % ids.length] ?? "", "y");
      case "fail":
        return fail(id);
      case "renew":
        return continueAsNew(id);
      default:
        return complete(id);
    }
  }

  async #activity(): Promise<void> {
    await this.#turn([]);
  }

  /** What was answered is answered once more, late and twice. */
  async #repeat(): Promise<void> {
    for (const item of this.#answered.slice(-5)) {
      if (item.request.$typeName === "ActivityRequest") {
        await this.#worker.finish({ token: item.token, request: item.request }, "again");
      } else {
        await this.#worker.answer({ token: item.token, request: item.request }, [complete(999)]);
      }
    }
  }

  async #abandon(): Promise<void> {
    if (await this.#worker.isIdle()) return;
    const { request, completionToken: token } = await this.#worker.next();
    if (request.case === "activityRequest")
      await this.#worker.abandon({ token, request: request.value });
    if (request.case === "orchestratorRequest")
      await this.#worker.abandon({ token, request: request.value });
  }

  /** A worker goes away with what it is at. */
  async #lose(): Promise<void> {
    if (await this.#worker.isIdle()) return;
    const { request, completionToken: token } = await this.#worker.next();
    if (request.case === "activityRequest") this.#lost.push({ token, request: request.value });
    if (request.case === "orchestratorRequest") this.#lost.push({ token, request: request.value });
    await this.#reconnect();
  }

  /** What was lost is answered after all; others may have answered it meanwhile. */
  async #late(): Promise<void> {
    for (const item of this.#lost.slice(-5)) {
      if (item.request.$typeName === "ActivityRequest") {
        await this.#worker.finish({ token: item.token, request: item.request }, "late");
      } else {
        const actions = [this.#move("schedule")];
        await this.#worker.answer({ token: item.token, request: item.request }, actions);
      }
    }
  }

  /** An answer in parts, the first of them twice. */
  async #parts(): Promise<void> {
    if (await this.#worker.isIdle()) return;
    const item = await this.#worker.next();
    if (item.request.case !== "orchestratorRequest") return;
    const turn = { token: item.completionToken, request: item.request.value };
    const first = [this.#move("schedule")];
    for (let times = 0; times < 2; times++)
      await this.#worker.answer(turn, first, { isPartial: true, chunkIndex: 0 });
    await this.#worker.answer(turn, [this.#move("timer")], { isPartial: false, chunkIndex: 1 });
  }

  async #reconnect(): Promise<void> {
    await this.#worker.close();
    this.#worker = this.#bench.worker({ hasSessions: true });
  }

  async #afterCrash(): Promise<void> {
    this.#bench.store.faults.length = 0;
    await settle(6);
    await this.#reconnect().catch(() => undefined);
  }

  /** Lets everything run to its end: nothing may be stuck. */
  async finish(): Promise<void> {
    // If the last thing was a crash, the hub may wait before it opens the store once more.
    await this.#bench.pass(60_000);
    await this.#reconnect();
    for (let round = 0; round < 100 && isBusy(this.#bench.hub.stats()); round++) {
      await this.#wakeAll();
      for (let turns = 0; turns < 20; turns++) await this.#turn(["complete"]);
      await this.#bench.pass(35_000);
    }
    for (let asked = 0; asked < 3; asked++) {
      await this.#expectTold();
      await settle();
    }
    expectNobody(this.#waiters.filter(({ isTold }) => !isTold));
    expectNobody(this.#mistold);
    await expectNoOrphans(this.#bench.store, this.#bench.store.batches);
    expectAtRest(this.#bench.hub.stats());
  }

  /** An orchestrator that asked for nothing waits for nothing but an event. */
  async #wakeAll(): Promise<void> {
    const { service } = this.#bench;
    const { orchestrationState } = await service.queryInstances({
      query: { maxInstanceCount: 1000 },
    });
    for (const { instanceId } of orchestrationState) {
      await service.resumeInstance({ instanceId });
      await service.raiseEvent({ instanceId, name: "wake" });
    }
  }
}

/** What callers may meet: a crash, or an instance that is not there, is there already or has not failed. */
function expectPermitted(error: unknown): void {
  expect(error).toMatchObject({
    code: expect.stringMatching(/^(UNAVAILABLE|NOT_FOUND|ALREADY_EXISTS|FAILED_PRECONDITION)$/),
  });
}

/** What has started may be suspended since. */
function isReached(milestone: Waiter["milestone"], status: OrchestrationStatus): boolean {
  const { PENDING, RUNNING, SUSPENDED } = OrchestrationStatus;
  if (milestone === "start") return status !== PENDING;
  return status !== PENDING && status !== RUNNING && status !== SUSPENDED;
}

function expectNobody(waiters: readonly Waiter[]): void {
  expect(waiters).toEqual([]);
}

function expectOne(found: readonly unknown[]): void {
  expect(found).toHaveLength(1);
}

function isBusy({ liveInstances, alarms }: TaskHubStats): boolean {
  return liveInstances > 0 || alarms > 0;
}

function expectAtRest(stats: TaskHubStats): void {
  expect(stats).toMatchObject({ liveInstances: 0, alarms: 0, leasedTurns: 0 });
}
