import { AsyncLocalStorage } from "node:async_hooks";
import type { Sha1 } from "../engine/guid.ts";

// Taken when the module is loaded: fake timers replace it on the process.
const nextTick = process.nextTick.bind(process);

const resolved = Promise.resolve();
let waiting: (() => void)[] = [];

/**
 * Resolves once no microtask is left. A tick that is queued from a microtask runs exactly then; queued from anywhere
 * else it would run too early, hence the hop into a microtask first. All who hop before the tick comes share it.
 */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    void resolved.then(() => {
      waiting.push(resolve);
      if (waiting.length === 1) nextTick(wakeAll);
    });
  });
}

function wakeAll(): void {
  const all = waiting;
  waiting = [];
  for (const resolve of all) resolve();
}

/** Loads the module of Node.js when it is needed first: few programs need it, and loading it takes a fifth of loading core. */
export const sha1: Sha1 = (prefix, text) =>
  process
    .getBuiltinModule("node:crypto")
    .createHash("sha1")
    .update(prefix)
    .update(text, "utf8")
    .digest();

/** Holds something while code of an orchestrator runs; follows its promises, so that their rejections can be told apart (E12). */
export const sessionScope: AsyncLocalStorage<object> = new AsyncLocalStorage();
