import type {
  CompleteOrchestrationAction,
  OrchestratorAction,
  OrchestratorResponse,
} from "@durabletask/protobuf";
import { OrchestrationStatus } from "@durabletask/protobuf";
import type { PayloadLimit } from "../state/payload-limit.ts";
import type { Instance } from "../state/instance.ts";

/** What is wrong with an action that the hub cannot carry out (rule 10). */
export interface ActionFault {
  readonly errorType: "UnknownAction" | "InvalidAction" | "PayloadTooLarge" | "ResponseTooLarge";
  readonly message: string;
}

/** Looks for the first action that cannot be carried out. Nothing after the completing action counts. */
export function findFault(
  instance: Instance,
  actions: readonly OrchestratorAction[],
): ActionFault | undefined {
  // Most turns ask for one thing.
  const ids = actions.length > 1 ? new Set<number>() : undefined;
  for (const action of actions) {
    const fault = faultOf(instance, action);
    if (fault) return fault;
    if (ids && opensTask(action)) {
      if (ids.has(action.id)) return invalid(action.id, "another action of this turn has its id");
      ids.add(action.id);
    }
    if (action.orchestratorActionType.case === "completeOrchestration") return undefined;
  }
  return undefined;
}

/** Whether a result will come for it, under its id. */
function opensTask({ orchestratorActionType: { case: kind } }: OrchestratorAction): boolean {
  return kind === "scheduleTask" || kind === "createTimer" || kind === "createSubOrchestration";
}

/** Looks for the first payload that is too large (rule 18). */
export function findExcess(
  payloads: PayloadLimit,
  { actions, customStatus }: OrchestratorResponse,
): ActionFault | undefined {
  if (payloads.maxBytes === Infinity) return undefined;
  if (payloads.isExceededBy(customStatus)) return excess(payloads, "The custom status");
  for (const { id, orchestratorActionType } of actions) {
    if (payloads.isExceededBy(payloadOf(orchestratorActionType))) {
      return excess(payloads, `The payload of action ${id} (${orchestratorActionType.case})`);
    }
  }
  return undefined;
}

function payloadOf({ case: kind, value }: OrchestratorAction["orchestratorActionType"]) {
  switch (kind) {
    case "scheduleTask":
    case "createSubOrchestration":
      return value.input;
    case "sendEvent":
      return value.data;
    case "completeOrchestration":
      return value.result;
    case "terminateOrchestration":
      return value.reason;
    default:
      return undefined;
  }
}

function excess(payloads: PayloadLimit, what: string): ActionFault {
  return { errorType: "PayloadTooLarge", message: payloads.complaint(what) };
}

function faultOf(
  instance: Instance,
  { id, orchestratorActionType }: OrchestratorAction,
): ActionFault | undefined {
  const { case: kind, value } = orchestratorActionType;
  // A worker in this process can send what no wire would carry.
  if (id !== Math.trunc(id) || Math.abs(id) >= 2 ** 31) return invalid(id, "its id is no int32");
  switch (kind) {
    case "scheduleTask":
      return instance.activities.has(id)
        ? invalid(id, "its id belongs to an open activity")
        : undefined;
    case "createTimer":
      if (!value.fireAt) return invalid(id, "the timer has no fireAt");
      return instance.timers.has(id) ? invalid(id, "its id belongs to an open timer") : undefined;
    case "createSubOrchestration":
      return instance.children.has(id) ? invalid(id, "its id belongs to an open child") : undefined;
    case "completeOrchestration":
      return isEnding(value.orchestrationStatus)
        ? undefined
        : invalid(id, "it completes with no final status");
    case "sendEvent":
    case "terminateOrchestration":
      return undefined;
    case "sendEntityMessage":
    case "rewindOrchestration":
      return unknown(id, kind);
    case undefined:
      return unknown(id, "none that this version knows");
    default:
      return unknown(id, kind satisfies never);
  }
}

function isEnding(status: OrchestrationStatus): boolean {
  return (
    status === OrchestrationStatus.COMPLETED ||
    status === OrchestrationStatus.FAILED ||
    status === OrchestrationStatus.TERMINATED ||
    status === OrchestrationStatus.CANCELED ||
    status === OrchestrationStatus.CONTINUED_AS_NEW
  );
}

function invalid(id: number, message: string): ActionFault {
  return { errorType: "InvalidAction", message: `Action ${id} cannot be carried out: ${message}.` };
}

function unknown(id: number, kind: string): ActionFault {
  return {
    errorType: "UnknownAction",
    message: `Action ${id} is of a kind that this task hub does not support: ${kind}.`,
  };
}

/** Actions up to the one that ends the execution, and that one. What follows it is ignored. */
export interface SplitActions {
  readonly sent: readonly OrchestratorAction[];
  readonly last: CompleteOrchestrationAction | undefined;
  readonly lastId: number;
}

export function splitActions(actions: readonly OrchestratorAction[]): SplitActions {
  let index = 0;
  for (const { id, orchestratorActionType } of actions) {
    if (orchestratorActionType.case === "completeOrchestration")
      return { sent: actions.slice(0, index), last: orchestratorActionType.value, lastId: id };
    index++;
  }
  return { sent: actions, last: undefined, lastId: -1 };
}
