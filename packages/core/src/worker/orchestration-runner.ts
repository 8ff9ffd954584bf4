import type {
  ExecutionStartedEvent,
  HistoryEvent,
  OrchestratorRequest,
  OrchestratorResponse,
  TaskFailureDetails,
  WorkItem,
} from "@durabletask/protobuf";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { toAction } from "../engine/action-log.ts";
import type { RegisteredOrchestrator } from "../engine/program.ts";
import { Session, type SessionOptions, type Turn } from "../engine/session.ts";
import { createFailure } from "../failure.ts";
import type { Middleware } from "../middleware.ts";
import type { CallOptions } from "../transport.ts";
import type { WorkerSettings } from "./options.ts";
import { sessionScope, settle, sha1 } from "./platform.ts";
import { createTaskLogger } from "./task-logger.ts";
import { sessionRequest, Sessions } from "./sessions.ts";
import { Violations } from "./violations.ts";
import { readHistory } from "./streamed-history.ts";
import { versionMismatch } from "./version-match.ts";
import type { VersionedEntries } from "./versioned-entries.ts";
import type { WorkerServices, WorkItemHandler } from "./work-item-handler.ts";

/** More actions than this in one turn fail the instance: most likely a loop that never awaits. */
const maximumActions = 100_000;

/** Runs turns of orchestrations, and delivers what comes of them. */
export class OrchestrationRunner implements WorkItemHandler {
  readonly concurrency: number;
  readonly #services: WorkerServices;
  readonly #orchestrators: VersionedEntries<RegisteredOrchestrator>;
  readonly #sessions: Sessions;
  readonly #violations = new Violations();
  readonly #sessionOptions: SessionOptions;

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
    };
  }

  run({ request, completionToken }: WorkItem, codeEnded: () => void): Promise<void> {
    if (request.case !== "orchestratorRequest") return Promise.resolve();
    return this.#run(request.value, completionToken, codeEnded);
  }

  abandon(completionToken: string): Promise<unknown> {
    return this.#services.hub.abandonTaskOrchestratorWorkItem({ completionToken });
  }

  async #run(
    request: OrchestratorRequest,
    completionToken: string,
    codeEnded: () => void,
  ): Promise<void> {
    const { instanceId } = request;
    const fields = { instanceId };
    const { hub, delivery, logger, watchdog } = this.#services;
    const leave = watchdog?.enter(
      `orchestrator '${startOf(request.pastEvents, request.newEvents)?.name ?? "?"}' of ${instanceId}`,
    );
    const abandon = (): Promise<unknown> => this.abandon(completionToken);
    let turn: Turn | "missed" | "rejected";
    const events = { past: request.pastEvents.length, fresh: request.newEvents.length };
    logger.debug?.({ event: "turn.started", ...fields, ...events }, "a turn has begun");
    try {
      turn = await this.#turn(request, completionToken);
    } catch (error) {
      this.#logFailure(instanceId, error);
      leave?.();
      codeEnded();
      return delivery.abandon(abandon, fields);
    }
    leave?.();
    codeEnded();
    if (turn === "rejected") {
      logger.debug?.(
        { event: "turn.rejected", ...fields },
        "the turn is of a version that this worker does not take, and is handed back",
      );
      return delivery.abandon(abandon, fields);
    }
    this.#log(turn, instanceId);
    const response: OrchestratorResponse = {
      $typeName: "OrchestratorResponse",
      instanceId,
      completionToken,
      actions: turn === "missed" ? [] : [...turn.actions],
      customStatus: turn === "missed" ? undefined : turn.customStatus,
      requiresHistory: turn === "missed",
      isPartial: false,
    };
    const complete = (options: CallOptions): Promise<unknown> =>
      hub.completeOrchestratorTask(response, options);
    if (await delivery.complete(complete, abandon, fields)) return;
    // The hub may or may not have this turn: what the session has seen is no longer known to be the past.
    this.#sessions.drop(instanceId, completionToken);
  }

  #logFailure(instanceId: string, error: unknown): void {
    const { logger, stopping } = this.#services;
    if (stopping.aborted && error === stopping.reason) {
      logger.debug?.({ event: "turn.interrupted", instanceId }, "a turn goes to another worker");
    } else {
      logger.warn?.(
        { event: "turn.failed", instanceId, error },
        "a turn could not be run and is handed back",
      );
    }
  }

  #log(turn: Turn | "missed", instanceId: string): void {
    const { logger } = this.#services;
    if (turn === "missed") {
      logger.debug?.({ event: "turn.missed", instanceId }, "a turn needs the whole history");
    } else {
      const fields = { actions: turn.actions.length, hasEnded: turn.hasEnded };
      logger.debug?.({ event: "turn.completed", instanceId, ...fields }, "a turn has ended");
    }
  }

  async #turn(
    request: OrchestratorRequest,
    completionToken: string,
  ): Promise<Turn | "missed" | "rejected"> {
    const { instanceId, executionId, pastEvents, newEvents } = request;
    const { isExtended, includesHistory, mark } = sessionRequest(request);
    const violation = this.#violations.take(instanceId, executionId);
    if (violation !== undefined) return failedTurn(this.#services.settings.failureOf(violation));
    const live = this.#sessions.take(instanceId, executionId, mark);
    if (live === undefined && !includesHistory) return "missed";
    let past: readonly HistoryEvent[] = [];
    if (live === undefined) {
      // No promise where the history has come with the request, which is nearly always.
      past = request.requiresHistoryStreaming ? await this.#readHistory(request) : pastEvents;
    }
    const session = live ?? this.#open(past, newEvents);
    if (!(session instanceof Session)) return session;
    const turn = await sessionScope.run(session, () => session.run(past, newEvents));
    if (isExtended && !turn.hasEnded && this.#services.settings.sessionCount > 0) {
      // Before the completion is acknowledged: an embedded hub may hand out the next turn first.
      this.#sessions.put(instanceId, { session, executionId, mark: completionToken });
    }
    return turn;
  }

  #readHistory(request: OrchestratorRequest): Promise<HistoryEvent[]> {
    const { hub, settings, stopping } = this.#services;
    return readHistory(hub, request, settings.clock, stopping);
  }

  /** A new session, or what becomes of a turn that this worker cannot run. */
  #open(
    past: readonly HistoryEvent[],
    fresh: readonly HistoryEvent[],
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
      : new Session(orchestrator, this.#sessionOptions);
  }
}

function sessionOptions(
  settings: WorkerSettings,
  middleware: readonly Middleware[],
): SessionOptions {
  const { converter, logger, maximumTimerIntervalMs, onNonDeterminism, failureOf } = settings;
  return {
    converter,
    maximumTimerIntervalMs,
    maximumActions,
    onNonDeterminism,
    failureOf,
    middleware: middleware.flatMap(({ orchestration }) => orchestration ?? []),
    defaultVersion: settings.versioning.defaultVersion,
    wrapsActivityInputs: settings.activityInputs === "dotnet",
    settle,
    sha1,
    createLogger: (started, isReplaying) =>
      createTaskLogger(
        logger,
        {
          event: "orchestrator.log",
          instanceId: started.orchestrationInstance?.instanceId,
          orchestrator: started.name,
        },
        isReplaying,
      ),
    warn: (fields, message) => logger.warn?.(fields, message),
  };
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

/** A turn that fails its instance without having run any of its code. */
function failedTurn(failureDetails: TaskFailureDetails): Turn {
  const action = toAction(-1, {
    case: "completeOrchestration",
    value: {
      $typeName: "CompleteOrchestrationAction",
      orchestrationStatus: OrchestrationStatus.FAILED,
      failureDetails,
      carryoverEvents: [],
      tags: {},
    },
  });
  return { actions: [action], customStatus: undefined, hasEnded: true };
}
