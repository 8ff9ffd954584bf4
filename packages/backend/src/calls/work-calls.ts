import type { CallOptions, ReadyIterator } from "@durabletask/core";
import { TaskHubError } from "@durabletask/core";
import type {
  AbandonActivityTaskRequest,
  AbandonActivityTaskResponse,
  AbandonOrchestrationTaskRequest,
  AbandonOrchestrationTaskResponse,
  ActivityResponse,
  CompleteTaskResponse,
  GetWorkItemsRequest,
  OrchestratorResponse,
  WorkItem,
} from "@durabletask/protobuf";
import { abandonActivity, completeActivity } from "../commands/activity.ts";
import { commitTurn, refuseTurn } from "../commands/turn.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import { WorkStream } from "../dispatch/work-stream.ts";
import { checkActivityResponse, checkOrchestratorResponse } from "./message-checks.ts";
import type { Hub } from "../state/hub.ts";
import { fenceTurns, isCurrent, isGood } from "../state/leases.ts";
import { isChunk, ResponseChunks } from "../state/response-chunks.ts";
import { tokenEnd } from "../state/leasing.ts";
import type { Activity, ActivityLease, TurnLease } from "../state/work.ts";

let streams = 0;

/** The stream of work. Nothing happens before the first `next()`. */
export function openWorkStream(
  currentHub: () => Hub,
  request: GetWorkItemsRequest,
  { headers, signal }: CallOptions,
): ReadyIterator<WorkItem> {
  const hasSessions = headers?.["durabletask-extended-sessions"] === "1";
  const stream = new WorkStream(request, hasSessions, ++streams);
  let dispatcher: Dispatcher | undefined;
  const lose = () => dispatcher?.close(stream, { by: "connection", error: signal?.reason });
  const open = () => {
    ({ dispatcher } = currentHub());
    dispatcher.open(stream);
    signal?.addEventListener("abort", lose, { once: true });
    if (signal?.aborted) lose();
  };
  return {
    // No async function: a busy worker calls it for each item.
    next() {
      try {
        if (!dispatcher && !stream.end) open();
      } catch (error) {
        return Promise.reject(error);
      }
      if (!stream.end && dispatcher) return dispatcher.next(stream);
      signal?.removeEventListener("abort", lose);
      if (!stream.end || stream.end.by === "worker") return ended();
      return Promise.reject(stream.end.error);
    },
    ready() {
      return dispatcher && !stream.end ? dispatcher.ready(stream) : undefined;
    },
    return() {
      signal?.removeEventListener("abort", lose);
      if (dispatcher) dispatcher.close(stream, { by: "worker" });
      else stream.finish({ by: "worker" });
      return ended();
    },
  };
}

function ended(): Promise<IteratorResult<WorkItem, undefined>> {
  return Promise.resolve({ done: true, value: undefined });
}

/**
 * Takes what came of a turn. Late, superseded and unknown completions change nothing and are no error: older workers
 * would reconnect (rule 17).
 */
export function completeTurn(
  hub: Hub,
  response: OrchestratorResponse,
): Promise<CompleteTaskResponse> {
  const lease = turnLease(hub, response.completionToken, response.instanceId);
  if (!lease) return unmatched(hub);
  checkOrchestratorResponse(response);
  const chunks = isChunk(response) && isGood(lease) ? gather(lease, response) : undefined;
  const whole = chunks ? (chunks.excess ?? chunks.whole) : response;
  // The worker is at it until all is there.
  if (whole === undefined || (!chunks && response.isPartial)) return unmatched(hub);
  hub.leases.release(lease);
  finish(hub, lease, whole, response);
  hub.dispatcher.serve(lease.stream);
  return hub.acknowledgements.after(hub.journal.settled(lease.instance.batch));
}

function gather(lease: TurnLease, response: OrchestratorResponse): ResponseChunks {
  lease.chunks ??= new ResponseChunks();
  try {
    lease.chunks.add(response);
  } catch (cause) {
    throw new TaskHubError("INVALID_ARGUMENT", "The response cannot be encoded.", { cause });
  }
  return lease.chunks;
}

/** What came of the turn, or what is wrong with how it came; `response` is the message that brought the last of it. */
function finish(
  hub: Hub,
  lease: TurnLease,
  whole: OrchestratorResponse | string,
  response: OrchestratorResponse,
): void {
  const { instance } = lease;
  if (!response.completionToken && isAmbiguous(lease)) return runAgain(hub, lease);
  if (response.requiresHistory && response.actions.length === 0) return retryTurn(hub, lease);
  if (!isGood(lease)) return;
  // It may be with somebody else by now, or about to be.
  if (!isCurrent(lease)) hub.withdrawTurn(instance);
  if (typeof whole === "string") refuseTurn(hub, lease, response, whole);
  else commitTurn(hub, lease, whole);
}

/** Nobody's answer to it counts any more. */
function runAgain(hub: Hub, lease: TurnLease): void {
  hub.leases.giveUpTurn(lease);
  fenceTurns(lease.instance);
  hub.considerTurn(lease.instance);
}

/** Nothing is changed; but what came before it may not be on disk yet. */
function unmatched(hub: Hub): Promise<CompleteTaskResponse> {
  return hub.acknowledgements.after(hub.journal.allSettled());
}

/** The worker no longer has the session: it gets the whole history at once, and no attempt is counted. */
function retryTurn(hub: Hub, lease: TurnLease): void {
  if (!isCurrent(lease)) return;
  // A worker that asks for more than everything would ask for ever.
  if (lease.isComplete) return backOff(hub, lease);
  hub.leases.giveUpTurn(lease);
  hub.considerTurn(lease.instance);
}

/** Without a token it may be of a worker that had the turn before, and saw less of it. */
function isAmbiguous(lease: TurnLease): boolean {
  const { turn, lateTurns } = lease.instance;
  if (turn !== lease || !lateTurns) return false;
  return lateTurns.some(({ consumed }) => consumed !== lease.consumed);
}

export async function abandonTurn(
  hub: Hub,
  request: AbandonOrchestrationTaskRequest,
): Promise<AbandonOrchestrationTaskResponse> {
  const lease = turnLease(hub, request.completionToken, "");
  if (lease) {
    hub.leases.release(lease);
    if (isCurrent(lease)) backOff(hub, lease);
    hub.dispatcher.serve(lease.stream);
  }
  await hub.journal.allSettled();
  return { $typeName: "AbandonOrchestrationTaskResponse" };
}

/** This worker gets it again after a while, others may have it at once (rule 9). */
function backOff(hub: Hub, lease: TurnLease): void {
  const { instance, stream } = lease;
  hub.leases.giveUpTurn(lease);
  instance.quickReturns = 0;
  hub.keepFrom(instance, stream);
  hub.considerTurn(instance);
}

/** Workers older than completion tokens name the instance: its current turn, or one that was fenced. */
function turnLease(hub: Hub, token: string, instanceId: string): TurnLease | undefined {
  const instance = hub.instances.get(instanceId);
  if (token) {
    // The usual case, in which no token is taken apart.
    if (instance?.turn?.token === token) return instance.turn;
    const lease = hub.leases.get(token) ?? instance?.lateTurns?.find((it) => it.token === token);
    return lease?.kind === "turn" && isOf(lease.instance.id, instanceId) ? lease : undefined;
  }
  if (instance?.turn) return instance.turn;
  for (const lease of hub.leases.values()) {
    if (lease.kind === "turn" && lease.instance.id === instanceId) return lease;
  }
  return undefined;
}

/** Takes the result of an activity. Any token of the still open task will do; the first result wins (rule 17). */
export function completeActivityCall(
  hub: Hub,
  response: ActivityResponse,
): Promise<CompleteTaskResponse> {
  checkActivityResponse(response);
  const lease = activityLease(hub, response);
  const activity = lease?.activity ?? openActivity(hub, response);
  if (lease) hub.leases.release(lease);
  if (!activity) return unmatched(hub);
  completeActivity(hub, activity, response);
  if (lease) hub.dispatcher.serve(lease.stream);
  if (!activity.instance) return unmatched(hub);
  return hub.acknowledgements.after(hub.journal.settled(activity.instance.batch));
}

export async function abandonActivityCall(
  hub: Hub,
  request: AbandonActivityTaskRequest,
): Promise<AbandonActivityTaskResponse> {
  const lease = hub.leases.get(request.completionToken);
  if (lease?.kind === "activity") {
    hub.leases.release(lease);
    if (isCurrent(lease)) abandonActivity(hub, lease);
    hub.dispatcher.serve(lease.stream);
  }
  await hub.journal.allSettled();
  return { $typeName: "AbandonActivityTaskResponse" };
}

/** Abandons name no instance; a completion that names another one than its token is not of who has the token. */
function isOf(id: string, named: string): boolean {
  return named === "" || named === id;
}

function activityLease(hub: Hub, response: ActivityResponse): ActivityLease | undefined {
  const { completionToken, instanceId, taskId } = response;
  const activity = hub.instances.get(instanceId)?.activities.get(taskId);
  if (completionToken) {
    if (activity?.lease?.token === completionToken) return activity.lease;
    const lease = hub.leases.get(completionToken);
    if (lease?.kind !== "activity" || lease.taskId !== taskId) return undefined;
    return isOf(lease.activity.instanceId, instanceId) ? lease : undefined;
  }
  if (activity) return activity.lease;
  for (const lease of hub.leases.values()) {
    if (lease.kind !== "activity" || lease.taskId !== taskId) continue;
    if (lease.activity.instanceId === instanceId) return lease;
  }
  return undefined;
}

/** The open task that a result without a lease is for: the one that its token was made for, if it has one (rule 1). */
function openActivity(hub: Hub, response: ActivityResponse): Activity | undefined {
  const { completionToken, instanceId, taskId } = response;
  const isMeant = (activity: Activity) =>
    activity.mayBeOut && (!completionToken || completionToken.endsWith(tokenEnd(activity)));
  const activity = hub.instances.get(instanceId)?.activities.get(taskId);
  if (activity && isMeant(activity)) return activity;
  for (const detached of hub.detached.of(instanceId))
    if (detached.taskId === taskId && isMeant(detached)) return detached;
  return undefined;
}
