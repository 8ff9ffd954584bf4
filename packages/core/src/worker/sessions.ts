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

/** Sessions between their turns: the least recently used are forgotten first. */
export class Sessions {
  readonly #limit: number;
  readonly #idle = new Map<string, IdleSession>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes the session of an instance out, if it has seen exactly the past that the hub means. */
  take(
    instanceId: string,
    executionId: string | undefined,
    mark: string | undefined,
  ): Session | undefined {
    const idle = this.#idle.get(instanceId);
    this.#idle.delete(instanceId);
    if (idle === undefined || idle.mark !== mark) return undefined;
    return idle.executionId === executionId ? idle.session : undefined;
  }

  /** Keeps a session for the next turn. */
  put(instanceId: string, idle: IdleSession): void {
    this.#idle.delete(instanceId);
    this.#idle.set(instanceId, idle);
    if (this.#idle.size <= this.#limit) return;
    for (const oldest of this.#idle.keys()) {
      this.#idle.delete(oldest);
      break;
    }
  }

  /** Forgets a session, if it is still the one of this turn. */
  drop(instanceId: string, mark: string): void {
    if (this.#idle.get(instanceId)?.mark === mark) this.#idle.delete(instanceId);
  }

  clear(): void {
    this.#idle.clear();
  }
}

function boolean(value: Value | undefined): boolean | undefined {
  return value?.kind.case === "boolValue" ? value.kind.value : undefined;
}

function text(value: Value | undefined): string | undefined {
  return value?.kind.case === "stringValue" ? value.kind.value : undefined;
}
