import { setImmediate } from "node:timers/promises";
import type { VirtualClock } from "@durabletask/core/spi";

/** Lets everything happen that can happen without the clock. */
export async function settle(rounds = 12): Promise<void> {
  for (let round = 0; round < rounds; round++) await setImmediate();
}

/** Waits until something waits on the clock that falls due within so many milliseconds: what comes by a socket is not there at once. */
export async function untilDueWithin(ms: number, clock: VirtualClock): Promise<void> {
  while ((clock.next ?? Infinity) > clock.now() + ms) await setImmediate();
}
