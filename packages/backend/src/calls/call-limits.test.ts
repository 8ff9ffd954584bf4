import { expect, it } from "vitest";
import type { CallOptions, Clock } from "@durabletask/core";
import { VirtualClock } from "@durabletask/core/spi";
import { limit } from "./call-limits.ts";

/** A call that comes to its end only by its limits. */
function limited(options: CallOptions, clock: Clock): Promise<unknown> {
  const call = Promise.withResolvers<never>();
  limit(options, clock, call.reject);
  return call.promise.catch((reason: unknown) => reason);
}

it("leaves nothing behind once it is taken back", () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const reject = () => expect.unreachable();
  limit({ timeoutMs: 10, signal: controller.signal }, clock, reject)();
  expect(clock.next).toBeUndefined();
  controller.abort();
});

it("waits for longer than a timer can hold", async () => {
  const clock = new VirtualClock();
  const timeoutMs = 2 ** 31 + 5;
  const call = limited({ timeoutMs }, clock);
  clock.advance(timeoutMs - 1);
  expect(clock.next).toBe(clock.now() + 1);
  clock.advance(1);
  expect(await call).toMatchObject({ code: "DEADLINE_EXCEEDED" });
});

it("ends with the reason of the signal, whenever that aborts", async () => {
  const clock = new VirtualClock();
  const reason = new Error("enough");
  const controller = new AbortController();
  const call = limited({ signal: controller.signal }, clock);
  controller.abort(reason);
  expect(await call).toBe(reason);
  expect(await limited({ signal: controller.signal }, clock)).toBe(reason);
});
