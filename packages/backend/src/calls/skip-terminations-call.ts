import { TaskHubError } from "@durabletask/core";
import type {
  SkipGracefulOrchestrationTerminationsRequest,
  SkipGracefulOrchestrationTerminationsResponse,
} from "@durabletask/protobuf";
import { terminate } from "../commands/ending.ts";
import type { Hub } from "../state/hub.ts";
import { checkTexts } from "./message-checks.ts";

/** As many as the scheduler takes at once. */
const maxIds = 500;

/** Terminates a batch in one commit, and lists those that do not exist or have ended. */
export async function skipGracefulTerminations(
  hub: Hub,
  { instanceBatch, reason }: SkipGracefulOrchestrationTerminationsRequest,
): Promise<SkipGracefulOrchestrationTerminationsResponse> {
  checkTexts({ reason });
  const ids = new Set(instanceBatch?.instanceIds);
  if (ids.size > maxIds) {
    throw new TaskHubError("INVALID_ARGUMENT", `A batch has at most ${maxIds} ids.`);
  }
  const unterminatedInstanceIds: string[] = [];
  const batch = hub.journal.begin();
  for (const id of ids) {
    const instance = hub.instances.get(id);
    if (instance && !instance.hasEnded) terminate(hub, instance, reason, false);
    else unterminatedInstanceIds.push(id);
  }
  await batch.settled;
  return {
    $typeName: "SkipGracefulOrchestrationTerminationsResponse",
    unterminatedInstanceIds,
  };
}
