import { setTimeout } from "node:timers/promises";
import type { Batch, Store } from "@durabletask/backend";

/**
 * The same store on a disk whose syncs take so much longer: on the main thread they stop the event loop, in a thread of the
 * store they do not. Timers are whole milliseconds and come late, so the measured time of a commit counts.
 */
export function slowed(store: Store, ms: number, thread: boolean): Store {
  if (ms === 0) return store;
  return new Proxy(store, {
    get(target, name) {
      if (name === "commit") return commit;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });

  async function commit(batch: Batch): Promise<void> {
    await store.commit(batch);
    if (thread) await setTimeout(ms);
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  }
}
