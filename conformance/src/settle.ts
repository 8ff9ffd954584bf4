import { setImmediate } from "node:timers/promises";

/**
 * Lets everything happen that can happen without the clock: the hub commits when the event loop comes round. A store in a
 * thread of its own is not waited for: what is tested so has its store inline.
 */
export async function settle(rounds = 12): Promise<void> {
  for (let round = 0; round < rounds; round++) await setImmediate();
}
