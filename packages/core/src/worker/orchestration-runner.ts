import type {
  ExecutionStartedEvent,
  HistoryEvent,
  OrchestratorRequest,
  OrchestratorResponse,
  TaskFailureDetails,
} from "@durabletask/protobuf";
import { sleep } from "../backoff.ts";
import type { RegisteredOrchestrator } from "../engine/program.ts";
import { Session, type SessionOptions, type Turn } from "../engine/session.ts";
import { createFailure } from "../failure.ts";
import type { Middleware } from "../middleware.ts";
import { mayExceed } from "./completion-parts.ts";
import { failedTurn } from "./failed-turn.ts";
import { FirstTry } from "./first-try.ts";
import { sessionOptions } from "./session-options.ts";
import { type SessionRequest, sessionRequest, Sessions } from "./sessions.ts";
import { StartedTurn } from "./started-turn.ts";
import { RecentExecutions } from "./recent-executions.ts";
import { completionOf, deliverParts, isStray } from "./turn-delivery.ts";
import { logOutcome, responseOf, type TurnOutcome } from "./turn-outcome.ts";
import { Violations } from "./violations.ts";
import { HandBacks } from "./hand-backs.ts";
import { readHistory } from "./streamed-history.ts";
import { isRewind, rewindTurn } from "./rewind-turn.ts";
import { versionMismatch } from "./version-match.ts";
import type { VersionedEntries } from "./versioned-entries.ts";
import type { RunningItem, WorkerServices, WorkItemHandler } from "./work-item-handler.ts";

/** Runs turns of orchestrations, and delivers what comes of them. */
export class OrchestrationRunner implements WorkItemHandler {
  readonly concurrency: number;
  readonly #services: WorkerServices;
  readonly #orchestrators: VersionedEntries<RegisteredOrchestrator>;
  readonly #sessions: Sessions;
  readonly #violations = new Violations();
  readonly #adoptions = new RecentExecutions();
  readonly #handBacks = new HandBacks();
  readonly #sessionOptions: SessionOptions;
  readonly #tokenlessOptions: SessionOptions;

  constructor(
    services: WorkerServices,
    orchestrators: VersionedEntries<RegisteredOrchestrator>,
    middleware: readonly Middleware[],
  ) {
    const { settings } = services;
    this.concurrency = settings.orchestrations;
    this.#services = services;
    this.#orchestrators = orchestrators;
    this.#sessions = new Sessions(settings.sessionCount, settings.sessionBytes);
    this.#sessionOptions = {
      ...sessionOptions(settings, middleware),
      onViolation: (instanceId, executionId, error) =>
        this.#violations.put(instanceId, executionId, error),
      // Without sessions, or after an eviction, each turn is a replay that meets the same record.
      saysAdoption: (instanceId, executionId) => this.#adoptions.add(instanceId, executionId),
    };
    this.#tokenlessOptions = { ...this.#sessionOptions, deliversSentEvents: true };
  }

  /** No promise for what most turns are: this is where a busy worker spends its time. */
  run(running: RunningItem): Promise<void> | undefined {
    const { request } = running.item;
    if (request.case !== "orchestratorRequest") {
      running.ended();
      return undefined;
    }
    const leave = this.#enter(request.value);
    const asked = sessionRequest(request.value);
    const found = this.#find(request.value, asked);
    const turn = new StartedTurn(this, running, request.value, asked, leave);
    if (found === undefined && request.value.requiresHistoryStreaming)
      return this.#runStreamed(turn);
    this.#runWith(turn, found, request.value.pastEvents);
    return undefined;
  }

  /** Its past is read first. */
  async #runStreamed(turn: StartedTurn): Promise<void> {
    let past: readonly HistoryEvent[];
    try {
      past = await this.#readHistory(turn.request);
    } catch (error) {
      return this.ended(turn, { error });
    }
    return this.#runWith(turn, undefined, past);
  }

  #runWith(
    turn: StartedTurn,
    found: Session | Turn | "missed" | undefined,
    past: readonly HistoryEvent[],
  ): void {
    const { newEvents } = turn.request;
    let begun: Session | TurnOutcome;
    try {
      begun = found ?? this.#begin(past, newEvents, turn.running.item.completionToken);
    } catch (error) {
      begun = { error };
    }
    if (!(begun instanceof Session)) return this.ended(turn, begun);
    turn.session = begun;
    // One that has seen anything has seen the whole past.
    return begun.run(begun.bytes > 0 ? [] : past, newEvents, turn);
  }

  /** The code has ended, or waits. Never throws: the engine has no place for errors of the worker's. */
  ended(turn: StartedTurn, outcome: TurnOutcome): void {
    const { running } = turn;
    try {
      turn.leave?.();
      logOutcome(this.#services, outcome, turn.request.instanceId);
      this.#keep(turn, outcome);
      const delivery = this.#conclude(turn, outcome);
      delivery?.catch((error: unknown) => running.failed(error));
      // Not before its answer is on its way: what waits for the slot may run right here, and more after it.
      running.codeEnded();
    } catch (error) {
      running.failed(error);
    }
  }

  #conclude(turn: StartedTurn, outcome: TurnOutcome): Promise<void> | undefined {
    const { running, request } = turn;
    const response = responseOf(outcome, request.instanceId, running.item.completionToken);
    if (response === undefined) return this.#handBack(running, request);
    this.#handBacks.forget(request.instanceId);
    const { delivery, settings } = this.#services;
    if (isStray(running.item, delivery)) running.ended();
    else if (mayExceed(response, settings.maximumCompletionBytes))
      return this.#deliver(running, response);
    else delivery.answers.expect(new FirstTry(this, turn, response));
    return undefined;
  }

  /** The first try. */
  send(response: OrchestratorResponse): Promise<unknown> {
    const { hub, delivery } = this.#services;
    return hub.completeOrchestratorTask(response, delivery.call);
  }

  /** Not acknowledged. Never rejects. */
  async retry(
    error: unknown,
    { running }: StartedTurn,
    response: OrchestratorResponse,
  ): Promise<void> {
    const { delivery } = this.#services;
    const completion = completionOf(this.#services, running.item, response);
    if (!(await delivery.retry(error, completion))) this.#drop(response);
    running.ended();
  }

  abandon(completionToken: string): Promise<unknown> {
    return this.#services.hub.abandonTaskOrchestratorWorkItem({ completionToken });
  }

  #enter(request: OrchestratorRequest): (() => void) | undefined {
    const { logger, watchdog } = this.#services;
    const { instanceId, pastEvents, newEvents } = request;
    logger.debug?.(
      { event: "turn.started", instanceId, past: pastEvents.length, fresh: newEvents.length },
      "a turn has begun",
    );
    return watchdog?.enter(
      `orchestrator '${startOf(pastEvents, newEvents)?.name ?? "?"}' of ${instanceId}`,
    );
  }

  async #handBack(running: RunningItem, { instanceId }: OrchestratorRequest): Promise<void> {
    const { delivery, settings, stopping } = this.#services;
    const delayMs = this.#handBacks.delayMs(instanceId, settings.clock.now());
    if (delayMs > 0) await sleep(settings.clock, delayMs, stopping);
    await delivery.abandon(() => this.abandon(running.item.completionToken), { instanceId });
    running.ended();
  }

  /** Too large for one message, or nearly so. */
  async #deliver(running: RunningItem, response: OrchestratorResponse): Promise<void> {
    if (!(await deliverParts(this.#services, running.item, response))) this.#drop(response);
    running.ended();
  }

  /** The hub may or may not have this turn: what the session has seen is no longer known to be the past. */
  #drop({ instanceId, completionToken }: OrchestratorResponse): void {
    this.#sessions.drop(instanceId, completionToken);
  }

  /** The session that has seen the past, or what becomes of the turn without one; nothing where one is to be opened. */
  #find(
    request: OrchestratorRequest,
    { includesHistory, mark }: SessionRequest,
  ): Session | Turn | "missed" | undefined {
    const { instanceId, executionId } = request;
    const violation = this.#violations.take(instanceId, executionId);
    if (violation !== undefined) return failedTurn(this.#services.settings.failureOf(violation));
    const live = this.#sessions.take(instanceId, executionId, mark);
    // What a rewind is about is in the past only: it takes the whole of it.
    if (live !== undefined && !isRewind(request.newEvents)) return live;
    return includesHistory ? undefined : "missed";
  }

  #keep({ running, request, asked, session }: StartedTurn, outcome: TurnOutcome): void {
    const { completionToken: mark } = running.item;
    // Without a token nothing would tell which past the session has seen.
    if (session === undefined || mark === "" || this.#services.settings.sessionCount === 0) return;
    if (typeof outcome === "string" || "error" in outcome || outcome.hasEnded) return;
    if (!asked.isExtended) return;
    const { instanceId, executionId } = request;
    // Before the completion is acknowledged: an embedded hub may hand out the next turn first.
    this.#sessions.put(instanceId, { session, executionId, mark });
  }

  #readHistory(request: OrchestratorRequest): Promise<HistoryEvent[]> {
    const { hub, settings, stopping } = this.#services;
    return readHistory(hub, request, settings.clock, stopping);
  }

  /** A new session, or what becomes of a turn that none is needed for. */
  #begin(
    past: readonly HistoryEvent[],
    fresh: readonly HistoryEvent[],
    completionToken: string,
  ): Session | Turn | "rejected" {
    return rewindTurn(past, fresh) ?? this.#open(past, fresh, completionToken);
  }

  /** A new session, or what becomes of a turn that this worker cannot run. */
  #open(
    past: readonly HistoryEvent[],
    fresh: readonly HistoryEvent[],
    completionToken: string,
  ): Session | Turn | "rejected" {
    const started = startOf(past, fresh);
    if (started === undefined) throw new Error("the history has no ExecutionStarted event");
    const { versioning } = this.#services.settings;
    const mismatch = versionMismatch(started.version, versioning);
    if (mismatch !== undefined) {
      return versioning.failureStrategy === "fail"
        ? failedTurn(createFailure("VersionMismatch", mismatch, true))
        : "rejected";
    }
    const orchestrator = this.#orchestrators.find(started.name, started.version);
    return orchestrator === undefined
      ? failedTurn(notFound(started))
      : new Session(
          orchestrator,
          // Known by its missing tokens: durabletask-go, and hubs of its kind.
          completionToken === "" ? this.#tokenlessOptions : this.#sessionOptions,
        );
  }
}

function startOf(
  past: readonly HistoryEvent[],
  fresh: readonly HistoryEvent[],
): ExecutionStartedEvent | undefined {
  for (const events of [past, fresh]) {
    for (const { eventType } of events) {
      if (eventType.case === "executionStarted") return eventType.value;
    }
  }
  return undefined;
}

function notFound({ name, version }: ExecutionStartedEvent): TaskFailureDetails {
  const which = version ? ` in version '${version}'` : "";
  const message = `no orchestrator named '${name}'${which} is registered with the worker that took the turn`;
  return createFailure("OrchestratorTaskNotFound", message, true);
}
