import type { OrchestratorResponse } from "@durabletask/protobuf";
import type { Turn } from "../engine/session.ts";
import type { WorkerServices } from "./work-item-handler.ts";

/** What came of a turn; with `error` it could not be run. */
export type TurnOutcome = Turn | "missed" | "rejected" | { readonly error: unknown };

/** What the hub is told of it; nothing where the turn is handed back. */
export function responseOf(
  outcome: TurnOutcome,
  instanceId: string,
  completionToken: string,
): OrchestratorResponse | undefined {
  if (outcome === "rejected") return undefined;
  const isMissed = outcome === "missed";
  if (!isMissed && "error" in outcome) return undefined;
  return {
    $typeName: "OrchestratorResponse",
    instanceId,
    completionToken,
    actions: isMissed ? [] : outcome.actions,
    customStatus: isMissed ? undefined : outcome.customStatus,
    requiresHistory: isMissed,
    isPartial: false,
  };
}

/** Writes down what came of a turn. */
export function logOutcome(
  { logger, stopping }: WorkerServices,
  outcome: TurnOutcome,
  instanceId: string,
): void {
  if (outcome === "missed") {
    logger.debug?.({ event: "turn.missed", instanceId }, "a turn needs the whole history");
  } else if (outcome === "rejected") {
    logger.debug?.(
      { event: "turn.rejected", instanceId },
      "the turn is of a version that this worker does not take, and is handed back",
    );
  } else if ("error" in outcome && stopping.aborted && outcome.error === stopping.reason) {
    logger.debug?.({ event: "turn.interrupted", instanceId }, "a turn goes to another worker");
  } else if ("error" in outcome) {
    logger.warn?.(
      { event: "turn.failed", instanceId, error: outcome.error },
      "a turn could not be run and is handed back",
    );
  } else {
    const { actions, hasEnded } = outcome;
    logger.debug?.(
      { event: "turn.completed", instanceId, actions: actions.length, hasEnded },
      "a turn has ended",
    );
  }
}
