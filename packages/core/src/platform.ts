import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import type { EnginePlatform } from "./engine/execution.ts";
import type { Sha1 } from "./engine/guid.ts";

// Taken when the module is loaded: fake timers replace it on the process.
const nextTick = process.nextTick.bind(process);

const resolved = Promise.resolve();

/**
 * Code that moves by promises, until no microtask is left. A tick that is queued from a microtask runs exactly then; queued from
 * anywhere else it would run too early, hence the hop into a microtask first. What joins before that hop needs none of its own:
 * its microtasks are queued by then.
 */
class MovingCode {
  #first: (() => void) | undefined;
  #others: (() => void)[] | undefined;

  /** Has `act` called once no microtask is left. */
  whenSettled(act: () => void): void {
    if (this.#first === undefined) {
      this.#first = act;
      void resolved.then(this.#hop);
    } else if (this.#others === undefined) this.#others = [act];
    else this.#others.push(act);
  }

  readonly #hop = (): void => {
    if (this.#first !== undefined) nextTick(this.#first);
    if (this.#others !== undefined) nextTick(callAll, this.#others);
    this.#first = undefined;
    this.#others = undefined;
  };
}

function callAll(acts: readonly (() => void)[]): void {
  for (const act of acts) act();
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

/** What the engine takes of the platform. The scope is made once, since one of its own for each turn costs more than most turns. */
export function enginePlatform(): EnginePlatform {
  const scope = sessionScope.run({}, () => new AsyncResource("DurableTaskOrchestrations"));
  const moving = new MovingCode();
  return {
    whenSettled: (act) => moving.whenSettled(act),
    inScope: (act) => scope.runInAsyncScope(act),
    sha1,
  };
}
