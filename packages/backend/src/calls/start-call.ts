import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { TaskHubError } from "@durabletask/core";
import type {
  CreateInstanceRequest,
  CreateInstanceResponse,
  OrchestrationStatus,
} from "@durabletask/protobuf";
import { TraceContextSchema } from "@durabletask/protobuf";
import { createInstance } from "../commands/creation.ts";
import { terminate } from "../commands/ending.ts";
import type { Hub } from "../state/hub.ts";
import { toMs } from "../time/timestamp.ts";
import { checkInstanceId } from "./instance-id.ts";
import {
  checkEncodable,
  checkSize,
  checkTags,
  checkTexts,
  checkTimestamp,
} from "./message-checks.ts";
import { ReusePolicy } from "./reuse-policy.ts";

/** Starts an instance (rules 7 and 8). */
export async function startInstance(
  hub: Hub,
  request: CreateInstanceRequest,
): Promise<CreateInstanceResponse> {
  if (!request.name) throw new TaskHubError("INVALID_ARGUMENT", "The orchestration has no name.");
  checkStart(hub, request);
  const id = request.instanceId || hub.newId();
  checkInstanceId(id);
  const policy = new ReusePolicy(request.orchestrationIdReusePolicy);
  // Read only if need be: then nothing is awaited between here and the start.
  const stored =
    hub.instances.has(id) || !isReadNeeded(request)
      ? undefined
      : await hub.lookups.run(id, () => hub.store.find(id, false));
  const existing: Existing | undefined = hub.instances.get(id) ?? stored?.record;
  if (!existing || !isSameStart(existing, request)) {
    const refusal = existing && policy.refusal(id, existing.status);
    if (refusal) return await refuse(hub, id, refusal);
    replace(hub, id, request);
  }
  const instance = hub.instances.get(id);
  if (instance) await hub.journal.settled(instance.batch);
  return { $typeName: "CreateInstanceResponse", instanceId: id };
}

/** Once what the refusal rests on is on disk. */
async function refuse(hub: Hub, id: string, refusal: Error): Promise<never> {
  await hub.journal.settled(hub.instances.get(id)?.batch ?? 0);
  throw refusal;
}

function checkStart(hub: Hub, request: CreateInstanceRequest): void {
  const { name, instanceId, version, input, executionId } = request;
  checkTexts({ name, instanceId, version, input, executionId });
  checkTags(request.tags);
  checkEncodable(TraceContextSchema, request.parentTraceContext, "parentTraceContext");
  checkTimestamp(request.scheduledStartTimestamp, "scheduledStartTimestamp");
  checkSize(hub, input, "The input");
}

interface Existing {
  readonly executionId: string;
  readonly status: OrchestrationStatus;
}

/**
 * What has ended and left memory matters only to a request that asks for it: without execution id or policy it is
 * replaced whatever it was.
 */
function isReadNeeded(request: CreateInstanceRequest): boolean {
  return Boolean(request.executionId) || request.orchestrationIdReusePolicy !== undefined;
}

/** A client that did not hear of its start repeats it with the same execution id. */
function isSameStart(existing: Existing, request: CreateInstanceRequest): boolean {
  return Boolean(request.executionId) && existing.executionId === request.executionId;
}

function replace(hub: Hub, id: string, request: CreateInstanceRequest): void {
  hub.journal.begin();
  const running = hub.instances.get(id);
  if (running) terminate(hub, running, undefined, false);
  createInstance(hub, {
    id,
    executionId: request.executionId || hub.newId(),
    name: request.name,
    version: request.version,
    input: request.input,
    tags: request.tags,
    startAt: startOf(request),
    parent: undefined,
    traceContext: request.parentTraceContext,
  });
}

/** Some clients send the first instant of 1970, or an earlier one, for a start that has none. */
function startOf({ scheduledStartTimestamp: start }: CreateInstanceRequest): Timestamp | undefined {
  return start && toMs(start) > 0 ? start : undefined;
}
