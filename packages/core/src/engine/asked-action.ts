import type { HistoryEvent, OrchestratorAction } from "@durabletask/protobuf";
import { type Asked, callOf } from "./action-log.ts";
import type { DurableCall } from "./errors.ts";

type ActionType = OrchestratorAction["orchestratorActionType"];

/** An action whose message is there from the start: everything but calls, which there are the most of. */
export class AskedAction implements Asked {
  readonly action: ActionType;

  constructor(action: ActionType) {
    this.action = action;
  }

  get call(): DurableCall {
    return callOf(this.action);
  }

  isRecordedBy(type: HistoryEvent["eventType"]): boolean {
    return matches(this.action, type);
  }
}

function matches(action: ActionType, recorded: HistoryEvent["eventType"]): boolean {
  switch (recorded.case) {
    case "taskScheduled":
      return action.case === "scheduleTask" && action.value.name === recorded.value.name;
    case "timerCreated":
      return action.case === "createTimer";
    case "subOrchestrationInstanceCreated":
      return (
        action.case === "createSubOrchestration" &&
        action.value.name === recorded.value.name &&
        action.value.instanceId === recorded.value.instanceId
      );
    case "eventSent":
      return (
        action.case === "sendEvent" &&
        action.value.name.toLowerCase() === recorded.value.name.toLowerCase() &&
        action.value.instance?.instanceId === recorded.value.instanceId
      );
    default:
      return (
        action.case === "sendEntityMessage" && action.value.EntityMessageType.case === recorded.case
      );
  }
}
