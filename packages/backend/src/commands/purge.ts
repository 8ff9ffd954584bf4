import type { Hub } from "../state/hub.ts";
import type { InstanceRecord } from "../store/store.ts";
import { dropDetached } from "./ending.ts";

/**
 * Removes ended instances in one commit, with their chains and what still was to run for them. Keys never come again,
 * so an instance that has taken the id meanwhile is not touched.
 */
export function purgeInstances(hub: Hub, records: readonly InstanceRecord[]): Promise<void> {
  const batch = hub.journal.begin();
  for (const { key, tail, executionId, id } of records) {
    batch.removed.push(key);
    hub.removals.add(key);
    batch.removedChains.push(tail);
    dropDetached(hub, id, executionId);
    hub.lookups.overtake(id);
  }
  return batch.settled;
}
