import type { Activity } from "./work.ts";

/** Activities that run on although their orchestration is over. Each has the key of its row. */
export class DetachedActivities {
  readonly #byKey = new Map<number, Activity>();
  readonly #byInstance = new Map<string, Set<Activity>>();

  values(): Iterable<Activity> {
    return this.#byKey.values();
  }

  of(instanceId: string): Iterable<Activity> {
    return this.#byInstance.get(instanceId) ?? [];
  }

  add(key: number, activity: Activity): void {
    activity.detachedKey = key;
    this.#byKey.set(key, activity);
    const others = this.#byInstance.get(activity.instanceId) ?? new Set();
    this.#byInstance.set(activity.instanceId, others.add(activity));
  }

  /** Gives the key that it had. */
  remove(activity: Activity): number | undefined {
    const key = activity.detachedKey;
    if (key === undefined) return undefined;
    activity.detachedKey = undefined;
    this.#byKey.delete(key);
    const others = this.#byInstance.get(activity.instanceId);
    if (others?.delete(activity) && others.size === 0) this.#byInstance.delete(activity.instanceId);
    return key;
  }
}
