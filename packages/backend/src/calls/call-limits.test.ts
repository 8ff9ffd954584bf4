import { expect, it } from "vitest";
import { VirtualClock } from "@durabletask/core/spi";
import { withLimits } from "./call-limits.ts";

const never = new Promise<never>(() => undefined);

it("leaves nothing behind once the result is there", async () => {
  const clock = new VirtualClock();
  const { signal } = new AbortController();
  expect(await withLimits(Promise.resolve(1), { timeoutMs: 10, signal }, clock)).toBe(1);
  expect(clock.next).toBeUndefined();
});

it("waits for longer than a timer can hold", async () => {
  const clock = new VirtualClock();
  const timeoutMs = 2 ** 31 + 5;
  const limited = Promise.allSettled([withLimits(never, { timeoutMs }, clock)]);
  clock.advance(timeoutMs - 1);
  expect(clock.next).toBe(clock.now() + 1);
  clock.advance(1);
  expect(await limited).toMatchObject([{ reason: { code: "DEADLINE_EXCEEDED" } }]);
});

it("ends with the reason of the signal, whenever that aborts", async () => {
  const clock = new VirtualClock();
  const reason = new Error("enough");
  const controller = new AbortController();
  const limited = Promise.allSettled([withLimits(never, { signal: controller.signal }, clock)]);
  controller.abort(reason);
  expect(await limited).toMatchObject([{ reason }]);
  await expect(withLimits(never, { signal: controller.signal }, clock)).rejects.toBe(reason);
});
