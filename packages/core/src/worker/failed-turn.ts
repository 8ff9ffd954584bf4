import {
  type OrchestratorAction,
  OrchestrationStatus,
  type TaskFailureDetails,
} from "@durabletask/protobuf";
import { toAction } from "../engine/action-log.ts";
import type { Turn } from "../engine/session.ts";

/** A turn that fails its instance without having run any of its code. */
export function failedTurn(failureDetails: TaskFailureDetails): Turn {
  return { actions: [failedAction(failureDetails)], customStatus: undefined, hasEnded: true };
}

/** The action that fails an instance, whatever its code makes of it. */
export function failedAction(failureDetails: TaskFailureDetails): OrchestratorAction {
  return toAction(-1, {
    case: "completeOrchestration",
    value: {
      $typeName: "CompleteOrchestrationAction",
      orchestrationStatus: OrchestrationStatus.FAILED,
      failureDetails,
      carryoverEvents: [],
      tags: {},
    },
  });
}
