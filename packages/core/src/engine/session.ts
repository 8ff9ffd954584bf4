import type {
  EventRaisedEvent,
  EventSentEvent,
  ExecutionStartedEvent,
  HistoryEvent,
  OrchestratorAction,
} from "@durabletask/protobuf";
import { completion, type Outcome } from "./completion.ts";
import { recordsAction } from "./action-log.ts";
import { bytesOf } from "./event-bytes.ts";
import { NonDeterminismError, NonDurableAwaitError } from "./errors.ts";
import { type EngineOptions, Execution } from "./execution.ts";
import { type OrchestrationMiddleware, wrap } from "./orchestration-middleware.ts";
import {
  type Program,
  type ProgramEnd,
  type RegisteredOrchestrator,
  startProgram,
  startWrappedProgram,
  YieldedNoTask,
} from "./program.ts";
import { type CreateLogger, SessionContext } from "./session-context.ts";
import { Queue } from "./queue.ts";
import { timestampToMs } from "./timestamp.ts";

/** How a session is set up. */
export interface SessionOptions extends EngineOptions {
  /** Makes the orchestrator's logger, when it is first asked for. */
  readonly createLogger: CreateLogger;
  /** What runs around the orchestrator; the first is the outermost. */
  readonly middleware?: readonly OrchestrationMiddleware[] | undefined;
  /** What becomes of an instance whose code no longer fits its history (E5). */
  readonly onNonDeterminism: "fail" | "abandon";
  /** Whether the hub delivers what another orchestration has sent as that one's record of it, as durabletask-go does. */
  readonly deliversSentEvents?: boolean | undefined;
}

/** What came of one episode. */
export interface Turn {
  /** New actions, in the order of their ids. The array is the caller's. */
  readonly actions: OrchestratorAction[];
  /** The custom status as a payload; `undefined` until the orchestrator sets one. */
  readonly customStatus: string | undefined;
  /** Whether the execution is over. */
  readonly hasEnded: boolean;
}

/** Told once how an episode has ended: before `run` returns where the code is a generator, later otherwise. Must not throw. */
export interface EpisodeEnd {
  ended(turn: Turn): void;
  /** It could not be run: with a `NonDeterminismError`, and only under `onNonDeterminism: "abandon"`. */
  failed(error: unknown): void;
}

/**
 * One live execution of an orchestrator: history in, actions out.
 *
 * It owns the running code and all that the code has asked for. It does not own time, threads or storage: an episode
 * applies history events, one at a time (E2), and the code runs until blocked between any two that wake it. A session
 * that is dropped is simply forgotten; no user code runs because of it (E13).
 */
export class Session {
  readonly #orchestrator: RegisteredOrchestrator;
  readonly #options: SessionOptions;
  readonly #execution: Execution;
  #context: SessionContext | undefined;
  #program: Program | undefined;
  #episode: Episode = noEvents;
  #position = -1;
  #bytes = 0;
  /** While suspended: what came since, in order (E9). */
  #held: Queue<HistoryEvent> | undefined;
  /** Held events that a resume has set free and that are still to be applied. */
  #released: Queue<HistoryEvent> | undefined;
  /** The engine has failed the instance: no more events are applied. */
  #isFaulted = false;

  constructor(orchestrator: RegisteredOrchestrator, options: SessionOptions) {
    this.#orchestrator = orchestrator;
    this.#options = options;
    this.#execution = new Execution(options);
  }

  /** Names of the external events that the code waits for. */
  get awaitedEvents(): readonly string[] {
    return this.#execution.events.awaitedNames();
  }

  /** About how many bytes of memory the history has taken that the session has seen. Changes only while it runs. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Runs one episode. `past` is what earlier turns have seen and is empty for a session that has seen it itself; `fresh`
   * is what is new.
   */
  run(past: readonly HistoryEvent[], fresh: readonly HistoryEvent[], end: EpisodeEnd): void {
    this.#episode = { past, fresh, next: 0 };
    this.#execution.flow.running = true;
    if (this.#execution.violation !== undefined) this.#fail(this.#execution.violation);
    if (this.#isThrough(end)) return;
    const goOn = (): void => {
      this.#execution.flow.woken = false;
      this.#assertBlocked();
      if (!this.#isThrough(end)) this.#options.whenSettled(goOn);
    };
    this.#options.whenSettled(goOn);
  }

  /** Runs until there are no more events, which it tells, or until one has woken code that moves by promises. */
  #isThrough(end: EpisodeEnd): boolean {
    let turn: Turn;
    try {
      // The code runs in its scope; who is told of the end does not.
      if (!this.#options.inScope(() => this.#applyUntilWoken())) return false;
      turn = this.#finish();
    } catch (error) {
      end.failed(error);
      return true;
    }
    end.ended(turn);
    return true;
  }

  /** Applies events until one has woken code that moves by itself; true once there are no more. */
  #applyUntilWoken(): boolean {
    const { flow } = this.#execution;
    while (!flow.woken && !this.#isFaulted) {
      if (this.#program?.isReady === true) {
        this.#program.step();
        continue;
      }
      const event = this.#nextEvent();
      if (event === undefined) return true;
      try {
        this.#apply(event);
      } catch (error) {
        this.#fail(error);
      }
    }
    return this.#isFaulted;
  }

  #nextEvent(): HistoryEvent | undefined {
    const released = this.#released?.shift();
    if (released !== undefined) return released;
    const { past, fresh, next } = this.#episode;
    this.#episode.next += 1;
    const isPast = next < past.length;
    const event = isPast ? past[next] : fresh[next - past.length];
    if (event !== undefined) {
      this.#position += 1;
      this.#bytes += bytesOf(event);
      // Held events take the Resume's (E7): they are applied while it is the delivered one.
      this.#execution.isReplaying = isPast;
    }
    return event;
  }

  #apply(event: HistoryEvent): void {
    if (this.#held !== undefined && event.eventType.case === "orchestratorStarted") {
      // Only the clock moves: what is held is applied, on resume, as if it had just come.
      this.#deliver(event);
    } else if (this.#held !== undefined && !endsSuspension(event)) {
      // A second Suspend changes nothing; held back, it would suspend again what a resume has set free.
      if (event.eventType.case !== "executionSuspended") this.#held.push(event);
    } else if (this.#wasSentToUs(event)) {
      this.#execution.events.raise(raisedFrom(event.eventType.value));
    } else if (recordsAction(event)) {
      this.#execution.actions.confirm(event, this.#position);
    } else {
      this.#deliver(event);
    }
  }

  /** Whether it is another orchestration's record of an event for this one, and not this one's own. */
  #wasSentToUs(event: HistoryEvent): event is SentEvent {
    const { eventType } = event;
    return (
      this.#options.deliversSentEvents === true &&
      eventType.case === "eventSent" &&
      eventType.value.instanceId === this.#execution.instanceId &&
      !this.#execution.actions.expects(event)
    );
  }

  /** Everything that is not the record of an action. Unknown ids (E6) and kinds are ignored. */
  #deliver(event: HistoryEvent): void {
    const { eventType, timestamp } = event;
    switch (eventType.case) {
      case "orchestratorStarted":
        if (timestamp !== undefined) this.#execution.nowMs = timestampToMs(timestamp);
        break;
      case "executionStarted":
        this.#start(eventType.value, timestamp === undefined ? 0 : timestampToMs(timestamp));
        break;
      case "taskCompleted":
      case "taskFailed":
      case "subOrchestrationInstanceCompleted":
      case "subOrchestrationInstanceFailed":
      case "timerFired":
        if (this.#execution.outcome === undefined && !this.#execution.settleOpen(event)) {
          this.#execution.settleAwaited(event);
        }
        break;
      case "eventRaised":
        this.#execution.events.raise(eventType.value);
        break;
      case "executionSuspended":
        this.#held = new Queue();
        break;
      case "executionResumed":
        this.#released = this.#held ?? this.#released;
        this.#held = undefined;
        break;
      case "executionTerminated":
        this.#held = undefined;
        this.#execution.end({ kind: "terminated", output: eventType.value.input });
        break;
      default:
        this.#execution.settleAwaited(event);
        break;
    }
  }

  #start(started: ExecutionStartedEvent, timestampMs: number): void {
    if (this.#program !== undefined || this.#execution.outcome !== undefined) return;
    const { orchestrationInstance: instance } = started;
    const execution = this.#execution;
    execution.instanceId = instance?.instanceId ?? "";
    execution.executionId = instance?.executionId;
    const { input, output } = this.#orchestrator;
    const context = new SessionContext(
      execution,
      started,
      timestampMs,
      this.#options.createLogger,
      input,
    );
    this.#context = context;
    this.#program = this.#run(context, started, {
      returned: (value) => this.#codeEnded({ kind: "returned", value, coder: output }),
      threw: (error) => this.#codeEnded({ kind: "threw", error: this.#explained(error) }),
    });
  }

  #explained(error: unknown): unknown {
    if (!(error instanceof YieldedNoTask)) return error;
    const what = `the orchestrator yielded ${error.what} instead of a task`;
    return new NonDurableAwaitError(what, this.#execution.actions.lastCall);
  }

  #run(context: SessionContext, started: ExecutionStartedEvent, end: ProgramEnd): Program {
    const { flow } = this.#execution;
    const { run, input: coder } = this.#orchestrator;
    const read = (): never => this.#execution.decode(started.input, coder);
    const { middleware = [] } = this.#options;
    if (middleware.length === 0) return startProgram(() => run(context, read()), flow, end);
    return startWrappedProgram(
      async (innermost) => wrap(middleware, context, innermost)(read()),
      // What a layer hands on is in its own hands.
      (input) => run(context, input as never),
      flow,
      end,
    );
  }

  /** The code has run to its end; if that was between two turns, something not durable has woken it (E4). */
  #codeEnded(outcome: Outcome): void {
    if (this.#execution.flow.running) this.#execution.end(outcome);
    else
      this.#execution.violate(
        "the orchestrator went on outside a turn: something not durable was awaited",
      );
  }

  /** An error of the engine's: it replaces whatever the code made of this turn. */
  #fail(error: unknown): void {
    // What the code has asked for is not to be trusted once it does not fit its history.
    const isTrusted = error instanceof NonDurableAwaitError;
    if (!isTrusted) this.#execution.actions.discard();
    this.#execution.actions.close();
    this.#execution.outcome = { kind: "threw", error };
    this.#isFaulted = true;
    if (!(error instanceof NonDeterminismError)) return;
    const { instanceId } = this.#execution;
    this.#options.warn(
      { event: "orchestration.non-determinism", instanceId, error },
      error.message,
    );
  }

  /** Not settled, and nobody waits for a durable task: what is awaited would never come back on replay (E4). */
  #assertBlocked(): void {
    if (this.#execution.outcome !== undefined || this.#execution.flow.waiters > 0) return;
    if (this.#program === undefined || this.#program.isReady) return;
    this.#fail(
      new NonDurableAwaitError(
        "the orchestrator waits for something that is not durable",
        this.#execution.actions.lastCall,
      ),
    );
  }

  #finish(): Turn {
    const { actions, flow } = this.#execution;
    flow.running = false;
    // The past is not needed any more, and may be large.
    this.#episode = noEvents;
    if (actions.overflow !== undefined) this.#fail(actions.overflow);
    const { customStatus } = this.#context ?? {};
    const outcome = this.#execution.outcome;
    if (outcome?.kind === "threw" && this.#abandons(outcome.error)) throw outcome.error;
    // Suspended: what the turn produced is kept for the resume (E9).
    if (this.#held !== undefined) return { actions: [], customStatus: undefined, hasEnded: false };
    if (outcome === undefined) return { actions: actions.take(), customStatus, hasEnded: false };
    const id = actions.nextId;
    const taken = actions.take();
    taken.push(completion(id, outcome, this.#execution));
    return { actions: taken, customStatus, hasEnded: true };
  }

  #abandons(error: unknown): boolean {
    return this.#options.onNonDeterminism === "abandon" && error instanceof NonDeterminismError;
  }
}

const noEvents: Episode = { past: [], fresh: [], next: 0 };

/** The events of one episode, and how far it has come. */
interface Episode {
  readonly past: readonly HistoryEvent[];
  readonly fresh: readonly HistoryEvent[];
  next: number;
}

type SentEvent = HistoryEvent & { readonly eventType: { readonly case: "eventSent" } };

function raisedFrom({ name, input }: EventSentEvent): EventRaisedEvent {
  return { $typeName: "EventRaisedEvent", name, input };
}

function endsSuspension({ eventType }: HistoryEvent): boolean {
  return eventType.case === "executionResumed" || eventType.case === "executionTerminated";
}
