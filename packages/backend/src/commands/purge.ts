import type { Hub } from "../state/hub.ts";
import type { InstanceRecord } from "../store/store.ts";

/**
 * Removes ended instances in one commit, with their chains and what still was to run for them. Keys never come again,
 * so an instance that has taken the id meanwhile is not touched.
 */
export function purgeInstances(hub: Hub, records: readonly InstanceRecord[]): Promise<void> {
  const batch = hub.journal.begin();
  const executions = new Set<string>();
  for (const { key, tail, executionId, id } of records) {
    batch.removed.push(key);
    batch.removedChains.push(tail);
    executions.add(executionId);
    hub.lookups.overtake(id);
  }
  for (const [key, activity] of hub.detached) {
    if (!executions.has(activity.executionId)) continue;
    activity.state = "over";
    if (activity.suspect) hub.quarantine.settle(activity.suspect);
    hub.detached.delete(key);
    batch.undetached.push(key);
  }
  return batch.settled;
}
