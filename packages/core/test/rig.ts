import assert from "node:assert/strict";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { HistoryEvent, OrchestratorAction, TaskFailureDetails } from "@durabletask/protobuf";
import { statusFromWire } from "../src/client/status.ts";
import { jsonConverter } from "../src/converter.ts";
import type { AnyOrchestratorFunction } from "../src/engine/program.ts";
import { runEpisode } from "../src/engine/episode.ts";
import { Session, type SessionOptions, type Turn } from "../src/engine/session.ts";
import { timestampFromMs, timestampToMs } from "../src/engine/timestamp.ts";
import { createFailure, failureOf } from "../src/failure.ts";
import { enginePlatform } from "../src/platform.ts";
import { taskLoggers } from "../src/task-logger.ts";

type EventType = HistoryEvent["eventType"];
type ActionType = OrchestratorAction["orchestratorActionType"];

/** 2026-01-01T00:00:00Z, when every test begins. */
export const startMs: number = Date.UTC(2026, 0, 1);

/** What a test may set of the engine. */
export interface RigOptions extends Partial<SessionOptions> {
  readonly input?: unknown;
  readonly instanceId?: string;
  readonly executionId?: string | undefined;
  readonly version?: string;
  readonly tags?: Record<string, string>;
  readonly log?: string[];
}

/**
 * A hub of one instance, for the engine's tests. It records what the engine asks for as a hub does, and runs each turn
 * twice: in the live session, and in a new one that replays the whole past. Both must ask for the same (E2).
 */
export class Rig {
  readonly history: HistoryEvent[] = [];
  readonly warnings: string[] = [];
  nowMs: number = startMs;
  readonly #orchestrator: AnyOrchestratorFunction;
  #options: RigOptions;
  #session: Session;

  constructor(orchestrator: AnyOrchestratorFunction, options: RigOptions = {}) {
    this.#orchestrator = orchestrator;
    this.#options = options;
    this.#session = this.#open();
  }

  /** Runs the first turn. */
  start(...events: readonly EventType[]): Promise<Turn> {
    return this.turn(started(this.#options), ...events);
  }

  /** Runs a turn with these events, live and replayed, and records it. */
  async turn(...events: readonly EventType[]): Promise<Turn> {
    const fresh = [
      this.#event({
        case: "orchestratorStarted",
        value: { $typeName: "OrchestratorStartedEvent" },
      }),
      ...events.map((type) => this.#event(type)),
    ];
    const replayed = await this.#run(this.#open(), this.history, fresh);
    const live = await this.#run(this.#session, [], fresh);
    assert.deepEqual(withoutStacks(live), withoutStacks(replayed), "live and replayed differ");
    this.history.push(...fresh, ...live.actions.flatMap((action) => this.#record(action)));
    return live;
  }

  /** Replays all that is recorded with other code, or the same, and runs a last empty turn. */
  replay(orchestrator: AnyOrchestratorFunction = this.#orchestrator): Promise<Turn> {
    const fresh = [
      this.#event({
        case: "orchestratorStarted",
        value: { $typeName: "OrchestratorStartedEvent" },
      }),
    ];
    return this.#run(this.#open(orchestrator), this.history, fresh);
  }

  /** Goes on in a worker that was started anew, with other options. */
  async restart(options: Partial<SessionOptions>): Promise<void> {
    this.#options = { ...this.#options, ...options };
    this.#session = this.#open();
    await this.#run(this.#session, this.history, []);
  }

  /** Lets time pass between turns. */
  advance(ms: number): void {
    this.nowMs += ms;
  }

  #run(
    session: Session,
    past: readonly HistoryEvent[],
    fresh: readonly HistoryEvent[],
  ): Promise<Turn> {
    return runEpisode(session, past, fresh);
  }

  #open(orchestrator: AnyOrchestratorFunction = this.#orchestrator): Session {
    const { log = [] } = this.#options;
    const logger = { info: (_fields: unknown, message: string) => log.push(message) };
    return new Session(
      { run: orchestrator },
      {
        converter: jsonConverter,
        maximumTimerIntervalMs: 3 * 86_400_000,
        maximumActions: 100_000,
        onNonDeterminism: "fail",
        ...enginePlatform(),
        failureOf: (thrown) => failureOf(thrown),
        createLogger: taskLoggers(
          logger,
          () => ({}),
          ({ isReplaying }) => isReplaying,
        ),
        warn: (_fields, message) => this.warnings.push(message),
        ...this.#options,
      },
    );
  }

  #event(eventType: EventType, eventId = -1): HistoryEvent {
    const timestamp = timestampFromMs(this.nowMs);
    return { $typeName: "HistoryEvent", eventId, timestamp, eventType };
  }

  #record({ id, orchestratorActionType }: OrchestratorAction): HistoryEvent[] {
    const type = recordOf(orchestratorActionType);
    return type === undefined ? [] : [this.#event(type, id)];
  }
}

/** The start of an execution. */
export function started(options: RigOptions): EventType {
  const { instanceId = "rig", version, tags = {} } = options;
  const executionId = "executionId" in options ? options.executionId : "execution-1";
  return {
    case: "executionStarted",
    value: {
      $typeName: "ExecutionStartedEvent",
      name: "orchestrator",
      version,
      input: jsonConverter.serialize(options.input),
      orchestrationInstance: { $typeName: "OrchestrationInstance", instanceId, executionId },
      tags,
    },
  };
}

export function completed(taskScheduledId: number, result?: unknown): EventType {
  return {
    case: "taskCompleted",
    value: {
      $typeName: "TaskCompletedEvent",
      taskScheduledId,
      result: jsonConverter.serialize(result),
    },
  };
}

export function failed(
  taskScheduledId: number,
  failure: string | TaskFailureDetails = "Boom",
): EventType {
  const failureDetails = typeof failure === "string" ? createFailure(failure, "it broke") : failure;
  return {
    case: "taskFailed",
    value: { $typeName: "TaskFailedEvent", taskScheduledId, failureDetails },
  };
}

export function childCompleted(taskScheduledId: number, result?: unknown): EventType {
  return {
    case: "subOrchestrationInstanceCompleted",
    value: {
      $typeName: "SubOrchestrationInstanceCompletedEvent",
      taskScheduledId,
      result: jsonConverter.serialize(result),
    },
  };
}

export function childFailed(
  taskScheduledId: number,
  failureDetails: TaskFailureDetails,
): EventType {
  return {
    case: "subOrchestrationInstanceFailed",
    value: { $typeName: "SubOrchestrationInstanceFailedEvent", taskScheduledId, failureDetails },
  };
}

export function fired(timerId: number): EventType {
  return { case: "timerFired", value: { $typeName: "TimerFiredEvent", timerId } };
}

export function raised(name: string, data?: unknown): EventType {
  const input = jsonConverter.serialize(data);
  return { case: "eventRaised", value: { $typeName: "EventRaisedEvent", name, input } };
}

export function suspended(): EventType {
  return { case: "executionSuspended", value: { $typeName: "ExecutionSuspendedEvent" } };
}

export function resumed(): EventType {
  return { case: "executionResumed", value: { $typeName: "ExecutionResumedEvent" } };
}

export function terminated(output?: unknown): EventType {
  const input = jsonConverter.serialize(output);
  return {
    case: "executionTerminated",
    value: { $typeName: "ExecutionTerminatedEvent", input, recurse: false },
  };
}

/** What a turn asks for, each in a few words: `schedule hello "Ada"`, `timer +5000`, `link +5000`, `complete COMPLETED "done"`. */
export function wordsOf(turn: Turn): string[] {
  return turn.actions.map(({ orchestratorActionType: type }) => words(type));
}

function words(type: ActionType): string {
  switch (type.case) {
    case "scheduleTask":
      return `schedule ${type.value.name} ${type.value.input ?? "-"}`;
    case "createTimer":
      return timerWords(type.value.fireAt);
    case "createSubOrchestration":
      return `child ${type.value.name} ${type.value.input ?? "-"}`;
    case "sendEvent":
      return `send ${type.value.name} to ${type.value.instance?.instanceId} ${type.value.data ?? "-"}`;
    case "completeOrchestration": {
      const { orchestrationStatus, result, failureDetails } = type.value;
      const detail = failureDetails
        ? `${failureDetails.errorType}: ${failureDetails.errorMessage}`
        : (result ?? "-");
      return `complete ${statusFromWire(orchestrationStatus)} ${detail}`;
    }
    default:
      return `${type.case}`;
  }
}

/** A link of a chain is recorded a microsecond late, which marks it. */
function timerWords(fireAt: Timestamp | undefined): string {
  if (fireAt === undefined) return "timer +?";
  const afterMs = timestampToMs(fireAt) - startMs;
  return fireAt.nanos % 1_000_000 === 0 ? `timer +${afterMs}` : `link +${afterMs - 1}`;
}

/** Stack traces differ between two runs of the same code. */
function withoutStacks(turn: Turn): unknown {
  return JSON.parse(
    JSON.stringify(turn, (key, value: unknown) => {
      if (key === "stackTrace") return undefined;
      return typeof value === "bigint" ? String(value) : value;
    }),
  );
}

function recordOf(type: ActionType): EventType | undefined {
  switch (type.case) {
    case "scheduleTask":
      return { case: "taskScheduled", value: { ...type.value, $typeName: "TaskScheduledEvent" } };
    case "createTimer":
      return {
        case: "timerCreated",
        value: { $typeName: "TimerCreatedEvent", fireAt: type.value.fireAt },
      };
    case "createSubOrchestration":
      return {
        case: "subOrchestrationInstanceCreated",
        value: { ...type.value, $typeName: "SubOrchestrationInstanceCreatedEvent" },
      };
    case "sendEvent":
      return {
        case: "eventSent",
        value: {
          $typeName: "EventSentEvent",
          instanceId: type.value.instance?.instanceId ?? "",
          name: type.value.name,
          input: type.value.data,
        },
      };
    default:
      return undefined;
  }
}
