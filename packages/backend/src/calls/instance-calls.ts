import type { CallOptions } from "@durabletask/core";
import { TaskHubError } from "@durabletask/core";
import type {
  GetInstanceRequest,
  GetInstanceResponse,
  RaiseEventRequest,
  RaiseEventResponse,
  ResumeRequest,
  ResumeResponse,
  SuspendRequest,
  SuspendResponse,
  TerminateRequest,
  TerminateResponse,
} from "@durabletask/protobuf";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { terminate } from "../commands/ending.ts";
import { raiseEvent, resume, suspend } from "../commands/signals.ts";
import type { Hub } from "../state/hub.ts";
import type { EndedInstance, Instance } from "../state/instance.ts";
import { isActive } from "../state/status.ts";
import type { Milestone } from "../state/waiters.ts";
import type { StoredInstance } from "../store/store.ts";
import { limit } from "./call-limits.ts";
import { checkSize, checkTexts } from "./message-checks.ts";
import { storedState, toOrchestrationState } from "./instance-state.ts";

/** Reads one instance, as it is on disk once all that the hub knows of it is there. */
export async function getInstance(
  hub: Hub,
  request: GetInstanceRequest,
): Promise<GetInstanceResponse> {
  const stored = await readSettled(hub, request.instanceId, request.getInputsAndOutputs);
  return {
    $typeName: "GetInstanceResponse",
    exists: stored !== undefined,
    orchestrationState: stored && storedState(stored),
  };
}

/** One instance as the store has it, once all that memory knows of it is there. */
export async function readSettled(
  hub: Hub,
  id: string,
  payloads: boolean,
): Promise<StoredInstance | undefined> {
  const known = hub.instances.get(id);
  if (known) await hub.journal.settled(known.batch);
  return await hub.store.find(id, payloads);
}

/** Waits until the instance has started, or has ended. One that does not exist is answered at once. */
export async function waitForInstance(
  hub: Hub,
  request: GetInstanceRequest,
  milestone: Milestone,
  options: CallOptions,
): Promise<GetInstanceResponse> {
  for (;;) {
    const instance = hub.instances.get(request.instanceId);
    if (!instance || hasReached(instance, milestone)) {
      const answer = await getInstance(hub, request);
      // If another took its id before it was read, that one is waited for.
      if (saysReached(answer, milestone)) return answer;
      continue;
    }
    const wait = hub.waiters.wait(request.instanceId, milestone);
    const release = limit(options, hub.clock, wait.reject);
    try {
      const ended = await wait.reached;
      // If another has taken its id, that one is waited for.
      const isTheLast = !hub.instances.has(request.instanceId);
      const answer = ended && isTheLast ? endedAnswer(ended, request) : undefined;
      if (answer) return answer;
    } finally {
      release();
      wait.cancel();
    }
  }
}

/** The same as {@link getInstance} reads, without reading; `undefined` where something of it is not in memory. */
function endedAnswer(
  { instance, started, completed }: EndedInstance,
  { getInputsAndOutputs }: GetInstanceRequest,
): GetInstanceResponse | undefined {
  const payloads = started && { started, completed };
  if (getInputsAndOutputs && !payloads) return undefined;
  return {
    $typeName: "GetInstanceResponse",
    exists: true,
    orchestrationState: toOrchestrationState(
      instance.toRecord(),
      getInputsAndOutputs ? payloads : undefined,
    ),
  };
}

/** An instance that does not exist is not waited for. */
function saysReached({ orchestrationState }: GetInstanceResponse, milestone: Milestone): boolean {
  if (!orchestrationState) return true;
  const { orchestrationStatus: status } = orchestrationState;
  return milestone === "end" ? !isActive(status) : status !== OrchestrationStatus.PENDING;
}

function hasReached(instance: Instance, milestone: Milestone): boolean {
  return instance.hasEnded || (milestone === "start" && instance.hasRun);
}

export async function raise(hub: Hub, request: RaiseEventRequest): Promise<RaiseEventResponse> {
  checkTexts({ name: request.name, input: request.input });
  checkSize(hub, request.input, "The event");
  await signal(hub, request.instanceId, (instance) =>
    raiseEvent(hub, instance, request.name, request.input),
  );
  return { $typeName: "RaiseEventResponse" };
}

export async function suspendInstance(hub: Hub, request: SuspendRequest): Promise<SuspendResponse> {
  checkTexts({ reason: request.reason });
  checkSize(hub, request.reason, "The reason");
  await signal(hub, request.instanceId, (instance) => suspend(hub, instance, request.reason));
  return { $typeName: "SuspendResponse" };
}

export async function resumeInstance(hub: Hub, request: ResumeRequest): Promise<ResumeResponse> {
  checkTexts({ reason: request.reason });
  checkSize(hub, request.reason, "The reason");
  await signal(hub, request.instanceId, (instance) => resume(hub, instance, request.reason));
  return { $typeName: "ResumeResponse" };
}

export async function terminateInstance(
  hub: Hub,
  request: TerminateRequest,
): Promise<TerminateResponse> {
  checkTexts({ output: request.output });
  checkSize(hub, request.output, "The output");
  await signal(hub, request.instanceId, (instance) => {
    hub.journal.begin();
    terminate(hub, instance, request.output, request.recursive);
  });
  return { $typeName: "TerminateResponse" };
}

/** Rule 5: NOT_FOUND when there is no such instance; nothing happens when it has ended. */
async function signal(hub: Hub, id: string, apply: (instance: Instance) => void): Promise<void> {
  const instance = hub.instances.get(id) ?? (await lookUp(hub, id));
  if (!instance) return;
  if (!instance.hasEnded) apply(instance);
  await hub.journal.settled(instance.batch);
}

/** Nothing for an instance that has ended; one that came into memory during the read counts. */
async function lookUp(hub: Hub, id: string): Promise<Instance | undefined> {
  const stored = await hub.lookups.run(id, () => hub.store.find(id, false));
  const instance = hub.instances.get(id);
  if (!instance && !stored) {
    throw new TaskHubError("NOT_FOUND", `There is no instance with the id "${id}".`);
  }
  return instance;
}
