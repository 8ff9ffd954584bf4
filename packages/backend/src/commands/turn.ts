import type {
  ExecutionCompletedEvent,
  HistoryEvent,
  OrchestratorAction,
  OrchestratorResponse,
} from "@durabletask/protobuf";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { completion, executionCompleted, failure } from "../state/history-events.ts";
import type { Hub } from "../state/hub.ts";
import { fenceTurns } from "../state/leases.ts";
import type { Instance } from "../state/instance.ts";
import type { TurnLease } from "../state/work.ts";
import { toTimestamp } from "../time/timestamp.ts";
import type { ActionFault } from "./actions.ts";
import { recordOf } from "./action-record.ts";
import { findExcess, findFault, splitActions } from "./actions.ts";
import type { Origin } from "./effects.ts";
import { carryOut, carryOutTermination, detachActivities } from "./effects.ts";
import type { Recorded } from "./recalling.ts";
import { answerRecalled, recall } from "./recalling.ts";
import { markEnded, tellParent } from "./ending.ts";
import { beginGeneration } from "./generation.ts";

/** Applies what came of a turn: its whole effect is one command. The lease is the current one of its instance. */
export function commitTurn(hub: Hub, lease: TurnLease, response: OrchestratorResponse): void {
  const { instance } = lease;
  noteTurn(hub, instance, response);
  const fault = findFault(instance, response.actions) ?? findExcess(hub.payloads, response);
  if (fault) return fail(hub, lease, fault);
  const { sent, last, lastId } = splitActions(response.actions);
  if (last?.orchestrationStatus === OrchestrationStatus.CONTINUED_AS_NEW) {
    const origin = originOf(instance, true);
    const recorded = record(hub, instance, sent);
    beginGeneration(hub, lease, last);
    carryOutAll(hub, origin, sent, recorded);
  } else if (last) {
    const completed = completion(last.orchestrationStatus, last.result, last.failureDetails);
    complete(hub, lease, sent, completed, lastId);
  } else {
    goOn(hub, lease, sent);
  }
}

/** Fails the instance because of what a worker sent of its answer (rule 14). */
export function refuseTurn(
  hub: Hub,
  lease: TurnLease,
  part: OrchestratorResponse,
  flaw: string,
): void {
  noteTurn(hub, lease.instance, part);
  const message = `${flaw}, which is more than this task hub takes. Let the orchestrator ask for less at once.`;
  fail(hub, lease, { errorType: "ResponseTooLarge", message });
}

function noteTurn(hub: Hub, instance: Instance, response: OrchestratorResponse): void {
  const batch = hub.journal.begin();
  fenceTurns(instance);
  instance.quickReturns = 0;
  instance.backOffs = undefined;
  if (instance.suspect) hub.quarantine.settle(instance.suspect);
  instance.updatedAt = instance.stamp(hub.clock.now());
  if (!hub.payloads.isExceededBy(response.customStatus))
    instance.customStatus = response.customStatus ?? instance.customStatus;
  instance.traceContext = response.orchestrationTraceContext ?? instance.traceContext;
  if (instance.status === OrchestrationStatus.PENDING)
    instance.status = OrchestrationStatus.RUNNING;
  if (instance.hasRun) return;
  instance.hasRun = true;
  batch.begun.push(instance);
}

function goOn(hub: Hub, lease: TurnLease, actions: readonly OrchestratorAction[]): void {
  const { instance } = lease;
  const recorded = record(hub, instance, actions);
  appendTurn(hub, lease, recorded);
  instance.session = { stream: lease.stream, token: lease.token };
  carryOutAll(hub, originOf(instance, false), actions, recorded);
  hub.considerTurn(instance);
}

function complete(
  hub: Hub,
  lease: TurnLease,
  actions: readonly OrchestratorAction[],
  completed: ExecutionCompletedEvent,
  completionId: number,
): void {
  const { instance } = lease;
  const recorded = record(hub, instance, actions);
  const event = executionCompleted(completionId, toTimestamp(instance.latest), completed);
  appendTurn(hub, lease, [...recorded, { event }]);
  // What the orchestration did not wait for still runs.
  const hasFailed = completed.orchestrationStatus === OrchestrationStatus.FAILED;
  detachActivities(hub, instance, hasFailed);
  markEnded(hub, instance, completed);
  carryOutAll(hub, originOf(instance, true, hasFailed), actions, recorded);
  tellParent(hub, instance, completed);
}

/** Rule 10: what cannot be carried out fails the instance, once; nothing else of that turn happens. */
function fail(hub: Hub, lease: TurnLease, fault: ActionFault): void {
  const details = failure(fault.errorType, fault.message);
  complete(hub, lease, [], completion(OrchestrationStatus.FAILED, undefined, details), -1);
}

function originOf(instance: Instance, isOver: boolean, isRecallable = false): Origin {
  const { executionId, start } = instance;
  return { instance, executionId, start, isOver, isRecallable };
}

/** What the history says of the actions; some of them a rewound execution has asked for before. */
function record(
  hub: Hub,
  instance: Instance,
  actions: readonly OrchestratorAction[],
): readonly Recorded[] {
  const timestamp = toTimestamp(instance.latest);
  const recorded: Recorded[] = [];
  for (const action of actions) {
    const event = recordOf(action, timestamp, instance.executionId);
    if (event)
      recorded.push(instance.past ? recall(hub, instance, instance.past, event) : { event });
  }
  return recorded;
}

function appendTurn(hub: Hub, lease: TurnLease, recorded: readonly Recorded[]): void {
  const { instance, started, newEvents, consumed } = lease;
  // Not by map(), see `leaseTurn`.
  const events: HistoryEvent[] = [];
  for (const { event } of recorded) events.push(event);
  hub.journal.appendTurn(instance, consumed, started, events);
  hub.histories.append(instance, newEvents, events);
  instance.inbox = instance.inbox.slice(consumed);
  if (instance.heldFrom !== undefined) instance.heldFrom -= consumed;
}

/** In the order of the actions. What is recorded is carried out from its record. */
function carryOutAll(
  hub: Hub,
  origin: Origin,
  actions: readonly OrchestratorAction[],
  recorded: readonly Recorded[],
): void {
  const answers: Recorded[] = [];
  let next = 0;
  for (const action of actions) {
    if (action.orchestratorActionType.case === "terminateOrchestration") {
      carryOutTermination(hub, action);
      continue;
    }
    const made = recorded[next++];
    // The turn has terminated its own instance, directly or by its parent: what it asked for after that is dropped.
    if (origin.instance.hasEnded && !origin.isOver) return;
    if (made?.call) answers.push(made);
    else if (made) carryOut(hub, origin, made.event);
  }
  if (answers.length > 0) answerRecalled(hub, origin, answers);
}
