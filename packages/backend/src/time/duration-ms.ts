import type { Duration } from "@durabletask/core";
import { InvalidArgumentError } from "@durabletask/core";

const unitMs: Readonly<Record<keyof Duration, number>> = {
  weeks: 604_800_000,
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1_000,
  milliseconds: 1,
};

/** The milliseconds of an option. Throws `INVALID_ARGUMENT` for what is no length of time. */
export function optionMs(duration: Duration, what: string): number {
  const parts = Object.entries(duration ?? {});
  let total = parts.length > 0 ? 0 : NaN;
  for (const [unit, amount] of parts) {
    const length: unknown = Reflect.get(unitMs, unit);
    total += typeof length === "number" && typeof amount === "number" ? amount * length : NaN;
  }
  if (Number.isFinite(total) && total >= 0) return total;
  throw new InvalidArgumentError(
    `${what} must be a length of time such as { minutes: 5 }, not ${JSON.stringify(duration)}`,
  );
}
