import type { WorkItem } from "@durabletask/protobuf";

/** An item that is under way though its stream was lost. */
interface Carried {
  /** What tells it apart; only activities of a known execution can be. */
  readonly key: string | undefined;
  /** The same work as it has come again. */
  newest: WorkItem | undefined;
  /** Whether the hub was called with the newest token. */
  isAnswered: boolean;
}

/**
 * Work that is still under way though the stream that brought it was lost. It is finished and delivered all the same; a hub
 * that waits no longer sends it again meanwhile. What can be told apart, which is an activity of a known execution, is then
 * not run at the same time: it is delivered under the newest token.
 */
export class CarriedWork {
  readonly #items = new Map<WorkItem, Carried>();
  readonly #byKey = new Map<string, Carried>();
  /** By the tokens that the items came with. */
  readonly #byToken = new Map<string, Carried>();

  /** A stream was lost while these were under way. */
  carry(running: Iterable<{ readonly item: WorkItem }>): void {
    for (const { item } of running) {
      if (this.#items.has(item)) continue;
      const key = keyOf(item);
      const carried: Carried = { key, newest: undefined, isAnswered: false };
      this.#items.set(item, carried);
      if (item.completionToken !== "") this.#byToken.set(item.completionToken, carried);
      if (key !== undefined) this.#byKey.set(key, carried);
    }
  }

  /** Whether an item has come that is under way already: then only its token is news. */
  renews(item: WorkItem): boolean {
    // The usual case, at no cost.
    if (this.#byKey.size === 0) return false;
    const key = keyOf(item);
    const carried = key === undefined ? undefined : this.#byKey.get(key);
    if (carried === undefined) return false;
    carried.newest = item;
    carried.isAnswered = false;
    return true;
  }

  /** Whether the stream that brought an item was lost since. */
  has(item: WorkItem): boolean {
    return this.#items.size > 0 && this.#items.has(item);
  }

  /** The token under which the hub knows an item now: for a call to the hub that is made at once. */
  tokenOf(completionToken: string): string {
    if (this.#byToken.size === 0) return completionToken;
    const carried = this.#byToken.get(completionToken);
    if (carried?.newest === undefined) return completionToken;
    carried.isAnswered = true;
    return carried.newest.completionToken;
  }

  /**
   * An item is not under way any more. Gives it as it has come again if the hub was not called with that token: whatever it
   * said to an older one may have been about nothing, and it waits for an answer to this one.
   */
  end(item: WorkItem): WorkItem | undefined {
    const carried = this.#items.size === 0 ? undefined : this.#items.get(item);
    if (carried === undefined) return undefined;
    this.#items.delete(item);
    this.#byToken.delete(item.completionToken);
    const { key, newest, isAnswered } = carried;
    if (key !== undefined && this.#byKey.get(key) === carried) this.#byKey.delete(key);
    return isAnswered ? undefined : newest;
  }
}

/** Without an execution id a later generation of the instance may mean another call by the same task id. */
function keyOf({ request }: WorkItem): string | undefined {
  if (request.case !== "activityRequest") return undefined;
  const { orchestrationInstance: instance, taskId } = request.value;
  if (!instance?.executionId) return undefined;
  return JSON.stringify([instance.instanceId, instance.executionId, taskId]);
}
