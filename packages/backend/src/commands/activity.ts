import type { ActivityResponse } from "@durabletask/protobuf";
import { failure, taskCompleted, taskFailed } from "../state/history-events.ts";
import type { Hub } from "../state/hub.ts";
import type { Activity, ActivityLease } from "../state/work.ts";
import { toTimestamp } from "../time/timestamp.ts";
import { endActivity } from "./ending.ts";
import { keepResult } from "./recalling.ts";

/** Applies the result of an activity. The first one wins (rule 2); a late one changes nothing. */
export function completeActivity(
  hub: Hub,
  activity: Activity,
  response: Pick<ActivityResponse, "result" | "failureDetails">,
): void {
  if (activity.state === "over") return;
  hub.journal.begin();
  const { instance, taskId, detachedKey } = activity;
  endActivity(hub, activity);
  const failed = response.failureDetails ?? tooLarge(hub, activity, response.result);
  if (!instance) {
    if (!failed && detachedKey !== undefined)
      keepResult(hub, activity, detachedKey, response.result);
    return;
  }
  instance.activities.delete(taskId);
  const timestamp = toTimestamp(instance.stamp(hub.clock.now()));
  hub.deliver(
    instance,
    failed
      ? taskFailed(timestamp, taskId, failed)
      : taskCompleted(timestamp, taskId, response.result),
  );
}

/** Rule 18. */
function tooLarge({ payloads }: Hub, { event }: Activity, result: string | undefined) {
  if (!payloads.isExceededBy(result)) return undefined;
  return failure(
    "PayloadTooLarge",
    payloads.complaint(`The result of the activity "${event.name}"`),
  );
}

/**
 * The worker cannot do it now: it gets it again after a while, others may have it at once. The attempt does not count.
 */
export function abandonActivity(hub: Hub, { activity, stream }: ActivityLease): void {
  if (activity.suspect) hub.quarantine.returned(activity.suspect);
  activity.quickReturns = 0;
  hub.keepActivityFrom(activity, stream);
  hub.offerActivity(activity);
}
