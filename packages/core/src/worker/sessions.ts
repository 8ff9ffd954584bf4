import type { OrchestratorRequest } from "@durabletask/protobuf";
import type { Value } from "@bufbuild/protobuf/wkt";
import type { Session } from "../engine/session.ts";

interface IdleSession {
  readonly session: Session;
  readonly executionId: string | undefined;
  /** Completion token of the turn that the session has last run: names the past that it has seen. */
  readonly mark: string;
}

/** What the hub says of sessions in an orchestrator request. */
export interface SessionRequest {
  /** Whether the hub takes part. */
  readonly isExtended: boolean;
  /** Whether the request holds the whole history. */
  readonly includesHistory: boolean;
  readonly mark: string | undefined;
}

/** Reads the family's keys; a hub that sends none always sends the whole history. */
export function sessionRequest({ properties }: OrchestratorRequest): SessionRequest {
  return {
    isExtended: boolean(properties["IsExtendedSession"]) ?? false,
    includesHistory: boolean(properties["IncludeState"]) ?? true,
    mark: text(properties["HistoryMark"]),
  };
}

/**
 * Sessions between their turns, bounded by their number and by the bytes of history that they have seen: the least recently
 * used are forgotten first. Forgetting one runs no user code (E13).
 */
export class Sessions {
  readonly #count: number;
  readonly #bytes: number;
  readonly #idle = new Map<string, IdleSession>();
  #held = 0;

  constructor(count: number, bytes: number) {
    this.#count = count;
    this.#bytes = bytes;
  }

  /** Takes the session of an instance out, if it has seen exactly the past that the hub means. */
  take(
    instanceId: string,
    executionId: string | undefined,
    mark: string | undefined,
  ): Session | undefined {
    const idle = this.#idle.get(instanceId);
    if (idle === undefined) return undefined;
    this.#remove(instanceId, idle);
    if (idle.mark !== mark || idle.executionId !== executionId) return undefined;
    return idle.session;
  }

  /** Keeps a session for the next turn. */
  put(instanceId: string, idle: IdleSession): void {
    const previous = this.#idle.get(instanceId);
    if (previous !== undefined) this.#remove(instanceId, previous);
    this.#idle.set(instanceId, idle);
    this.#held += idle.session.bytes;
    for (const [oldest, session] of this.#idle) {
      if (this.#idle.size <= this.#count && this.#held <= this.#bytes) return;
      this.#remove(oldest, session);
    }
  }

  /** Forgets a session, if it is still the one of this turn. */
  drop(instanceId: string, mark: string): void {
    const idle = this.#idle.get(instanceId);
    if (idle?.mark === mark) this.#remove(instanceId, idle);
  }

  #remove(instanceId: string, { session }: IdleSession): void {
    this.#idle.delete(instanceId);
    this.#held -= session.bytes;
  }
}

function boolean(value: Value | undefined): boolean | undefined {
  return value?.kind.case === "boolValue" ? value.kind.value : undefined;
}

function text(value: Value | undefined): string | undefined {
  return value?.kind.case === "stringValue" ? value.kind.value : undefined;
}
