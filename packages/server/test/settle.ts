import { setImmediate } from "node:timers/promises";

/** Lets everything happen that can happen without the clock. */
export async function settle(rounds = 12): Promise<void> {
  for (let round = 0; round < rounds; round++) await setImmediate();
}
