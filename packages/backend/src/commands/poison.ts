import { OrchestrationStatus } from "@durabletask/protobuf";
import {
  completion,
  executionCompleted,
  failure,
  orchestratorStarted,
} from "../state/history-events.ts";
import type { Hub } from "../state/hub.ts";
import type { Instance } from "../state/instance.ts";
import type { Suspect } from "../state/suspect.ts";
import { toTimestamp } from "../time/timestamp.ts";
import { completeActivity } from "./activity.ts";
import { detachActivities } from "./effects.ts";
import { markEnded, tellParent } from "./ending.ts";

/** Gives up on an item that has killed its process too often (rule 9). */
export function failPoisoned(hub: Hub, { item, alone }: Suspect): void {
  const times = `${alone} ${alone === 1 ? "time" : "times"}`;
  if (item.kind === "turn") {
    const { instance } = item;
    const { name } = instance.start;
    const message = `The process ended ${times} while a turn of the orchestration "${name}" was all that ran; it is not run again.`;
    warn(hub, instance.id, name, message);
    return failInstance(hub, instance, failure("PoisonedOrchestration", message));
  }
  const { activity } = item;
  const { name } = activity.event;
  const message = `The process ended ${times} while the activity "${name}" was all that ran; it is not run again.`;
  warn(hub, activity.instanceId, name, message);
  completeActivity(hub, activity, { failureDetails: failure("PoisonedActivity", message) });
}

function warn(hub: Hub, instanceId: string, name: string, message: string): void {
  hub.logger.warn?.({ event: "hub.poisoned", instanceId, name }, message);
}

/** Ends a live instance as failed, without a turn. */
function failInstance(hub: Hub, instance: Instance, details: ReturnType<typeof failure>): void {
  hub.journal.begin();
  const timestamp = toTimestamp(instance.stamp(hub.clock.now()));
  const completed = completion(OrchestrationStatus.FAILED, undefined, details);
  hub.journal.appendTurn(instance, instance.deliverable, orchestratorStarted(timestamp), [
    executionCompleted(-1, timestamp, completed),
  ]);
  detachActivities(hub, instance, true);
  markEnded(hub, instance, completed);
  tellParent(hub, instance, completed);
}
