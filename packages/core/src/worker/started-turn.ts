import type { OrchestratorRequest } from "@durabletask/protobuf";
import type { EpisodeEnd, Session, Turn } from "../engine/session.ts";
import type { SessionRequest } from "./sessions.ts";
import type { TurnOutcome } from "./turn-outcome.ts";
import type { RunningItem } from "./work-item-handler.ts";

/** Who has begun a turn. */
interface TurnHost {
  /** Its code has ended, or waits, or could not be run. Must not throw. */
  ended(turn: StartedTurn, outcome: TurnOutcome): void;
}

/** A turn that the worker has begun. There are thousands a second: one object, which is told by the engine how it has ended. */
export class StartedTurn implements EpisodeEnd {
  readonly running: RunningItem;
  readonly request: OrchestratorRequest;
  readonly asked: SessionRequest;
  /** Tells the watchdog that its code has ended. */
  readonly leave: (() => void) | undefined;
  /** What runs it, once it runs. */
  session: Session | undefined;
  readonly #host: TurnHost;

  constructor(
    host: TurnHost,
    running: RunningItem,
    request: OrchestratorRequest,
    asked: SessionRequest,
    leave: (() => void) | undefined,
  ) {
    this.#host = host;
    this.running = running;
    this.request = request;
    this.asked = asked;
    this.leave = leave;
  }

  ended(turn: Turn): void {
    this.#host.ended(this, turn);
  }

  failed(error: unknown): void {
    this.#host.ended(this, { error });
  }
}
