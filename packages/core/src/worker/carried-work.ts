import type { WorkItem } from "@durabletask/protobuf";

/**
 * Work that is still under way though the stream that brought it was lost. It is finished and delivered all the same; a hub
 * that waits no longer sends it again meanwhile. What can be told apart, which is an activity of a known execution, is then
 * not run a second time: it is delivered under the newer token.
 */
export class CarriedWork {
  readonly #items = new Set<WorkItem>();
  /** Activities among them, by what tells them apart. */
  readonly #activities = new Map<string, WorkItem>();
  /** Newer tokens by the ones that the items came with. */
  readonly #tokens = new Map<string, string>();

  /** A stream was lost while these were under way. */
  carry(items: Iterable<WorkItem>): void {
    for (const item of items) {
      this.#items.add(item);
      const key = keyOf(item);
      if (key !== undefined) this.#activities.set(key, item);
    }
  }

  /** Whether an item has come that is under way already: then only its token is news. */
  renews(item: WorkItem): boolean {
    // The usual case, at no cost.
    if (this.#activities.size === 0) return false;
    const key = keyOf(item);
    const carried = key === undefined ? undefined : this.#activities.get(key);
    if (carried === undefined) return false;
    this.#tokens.set(carried.completionToken, item.completionToken);
    return true;
  }

  /** Whether the stream that brought an item was lost since. */
  has(item: WorkItem): boolean {
    return this.#items.size > 0 && this.#items.has(item);
  }

  /** The token under which the hub knows an item now. */
  tokenOf(completionToken: string): string {
    return this.#tokens.size === 0
      ? completionToken
      : (this.#tokens.get(completionToken) ?? completionToken);
  }

  /** An item is not under way any more. */
  end(item: WorkItem): void {
    if (!this.#items.delete(item)) return;
    this.#tokens.delete(item.completionToken);
    const key = keyOf(item);
    if (key !== undefined && this.#activities.get(key) === item) this.#activities.delete(key);
  }
}

/** Without an execution id a later generation of the instance may mean another call by the same task id. */
function keyOf({ request }: WorkItem): string | undefined {
  if (request.case !== "activityRequest") return undefined;
  const { orchestrationInstance: instance, taskId } = request.value;
  if (!instance?.executionId) return undefined;
  return JSON.stringify([instance.instanceId, instance.executionId, taskId]);
}
