import { TaskHubError } from "@durabletask/core";
import type { RestartInstanceRequest, RestartInstanceResponse } from "@durabletask/protobuf";
import { createInstance } from "../commands/creation.ts";
import type { Hub } from "../state/hub.ts";
import { isActive, statusName } from "../state/status.ts";
import type { StoredInstance } from "../store/store.ts";
import { readSettled } from "./instance-calls.ts";

/**
 * Starts an orchestration once more, with the name, version, input and tags that it began with: under a new id whatever
 * its status, under its own id only once it has ended, and then in its place.
 */
export async function restartInstance(
  hub: Hub,
  { instanceId, restartWithNewInstanceId: isNew }: RestartInstanceRequest,
): Promise<RestartInstanceResponse> {
  const stored = await hub.lookups.run(instanceId, () => readSettled(hub, instanceId, true));
  if (!stored) {
    throw new TaskHubError("NOT_FOUND", `There is no instance with the id "${instanceId}".`);
  }
  const refusal = isNew ? undefined : refusalOf(hub, stored);
  if (refusal) {
    await hub.journal.settled(hub.instances.get(instanceId)?.batch ?? 0);
    throw refusal;
  }
  const id = isNew ? hub.newId() : instanceId;
  const started = stored.headEvents[0]?.eventType;
  hub.journal.begin();
  const instance = createInstance(hub, {
    id,
    executionId: hub.newId(),
    name: stored.record.name,
    version: stored.record.version,
    input: started?.case === "executionStarted" ? started.value.input : undefined,
    tags: { ...stored.record.tags },
    startAt: undefined,
    parent: undefined,
    traceContext: undefined,
  });
  await hub.journal.settled(instance.batch);
  return { $typeName: "RestartInstanceResponse", instanceId: id };
}

/** Looks at memory too: it may have been started again while it was read. */
function refusalOf(hub: Hub, { record }: StoredInstance): TaskHubError | undefined {
  const known = hub.instances.get(record.id);
  const status = known && !known.hasEnded ? known.status : record.status;
  if (!isActive(status)) return undefined;
  return new TaskHubError(
    "FAILED_PRECONDITION",
    `The instance "${record.id}" has not ended; its status is ${statusName(status)}. Restart it with a new id, or terminate it first.`,
  );
}
