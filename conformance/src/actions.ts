import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type {
  CompleteOrchestrationAction,
  HistoryEvent,
  OrchestratorAction,
} from "@durabletask/protobuf";
import {
  CompleteOrchestrationActionSchema,
  HistoryEventSchema,
  OrchestrationStatus,
  OrchestratorActionSchema,
} from "@durabletask/protobuf";

// What orchestrators ask for, in few words.

export function schedule(id: number, name = "work", input?: string): OrchestratorAction {
  return create(OrchestratorActionSchema, {
    id,
    orchestratorActionType: { case: "scheduleTask", value: { name, input } },
  });
}

export function timer(id: number, fireAtMs: number): OrchestratorAction {
  return create(OrchestratorActionSchema, {
    id,
    orchestratorActionType: { case: "createTimer", value: { fireAt: timestampFromMs(fireAtMs) } },
  });
}

export function child(
  id: number,
  instanceId = "",
  name = "child",
  input?: string,
): OrchestratorAction {
  return create(OrchestratorActionSchema, {
    id,
    orchestratorActionType: { case: "createSubOrchestration", value: { instanceId, name, input } },
  });
}

export function send(
  id: number,
  instanceId: string,
  name: string,
  data?: string,
): OrchestratorAction {
  return create(OrchestratorActionSchema, {
    id,
    orchestratorActionType: { case: "sendEvent", value: { instance: { instanceId }, name, data } },
  });
}

export function end(id: number, instanceId: string, recurse = false): OrchestratorAction {
  return create(OrchestratorActionSchema, {
    id,
    orchestratorActionType: { case: "terminateOrchestration", value: { instanceId, recurse } },
  });
}

export function complete(id: number, result?: string): OrchestratorAction {
  return completing(id, { orchestrationStatus: OrchestrationStatus.COMPLETED, result });
}

export function fail(id: number, errorMessage = "no"): OrchestratorAction {
  return completing(id, {
    orchestrationStatus: OrchestrationStatus.FAILED,
    failureDetails: {
      $typeName: "TaskFailureDetails",
      errorType: "Error",
      errorMessage,
      isNonRetriable: false,
      properties: {},
    },
  });
}

export function continueAsNew(
  id: number,
  result?: string,
  more: Partial<Pick<CompleteOrchestrationAction, "newVersion" | "carryoverEvents">> = {},
): OrchestratorAction {
  return completing(id, {
    orchestrationStatus: OrchestrationStatus.CONTINUED_AS_NEW,
    result,
    ...more,
  });
}

/** An event that an orchestrator carries over to its next generation. */
export function raisedEvent(name: string, input?: string): HistoryEvent {
  return create(HistoryEventSchema, {
    eventId: -1,
    eventType: { case: "eventRaised", value: { name, input } },
  });
}

function completing(
  id: number,
  value: Partial<Omit<CompleteOrchestrationAction, "$typeName" | "$unknown">>,
): OrchestratorAction {
  return create(OrchestratorActionSchema, {
    id,
    orchestratorActionType: {
      case: "completeOrchestration",
      value: create(CompleteOrchestrationActionSchema, value),
    },
  });
}
