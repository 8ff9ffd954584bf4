import { AsyncLocalStorage } from "node:async_hooks";
import type { Sha1 } from "./engine/guid.ts";

// Taken when the module is loaded: fake timers replace it on the process.
const nextTick = process.nextTick.bind(process);

const resolved = Promise.resolve();

/**
 * Gives a function that has `act` called once no microtask is left. A tick that is queued from a microtask runs exactly then; queued
 * from anywhere else it would run too early, hence the hop into a microtask first. It is called after each event that has woken
 * somebody: it makes one promise, and none that somebody awaits.
 */
export function whenSettled(act: () => void): () => void {
  const tick = (): void => nextTick(act);
  return () => void resolved.then(tick);
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
