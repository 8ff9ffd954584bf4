import type { Hub } from "../state/hub.ts";
import type { Instance } from "../state/instance.ts";
import type { ReplayedLog } from "../state/log-replay.ts";
import { type Activity, createActivity } from "../state/work.ts";
import { armTimer } from "./effects.ts";

/** Opens the tasks that follow from a log: at once if it is on disk, else after the commit that is being made. */
export function reopenTasks(
  hub: Hub,
  instance: Instance,
  log: ReplayedLog,
  when: "at once" | "after the commit",
): readonly Activity[] {
  for (const [id, childId] of log.children) instance.children.set(id, childId);
  for (const [timerId, fireAt] of log.timers) armTimer(hub, instance, timerId, fireAt);
  const activities: Activity[] = [];
  for (const [taskId, { event, life }] of log.activities) {
    // It may run on after a rewind.
    if (instance.activities.has(taskId)) continue;
    const { id: instanceId, executionId } = instance;
    const activity = createActivity({ taskId, event, instanceId, executionId, instance }, life);
    activity.mayBeOut = true;
    instance.activities.set(taskId, activity);
    activities.push(activity);
    if (when === "after the commit") hub.journal.batch.released.push(activity);
  }
  return activities;
}
