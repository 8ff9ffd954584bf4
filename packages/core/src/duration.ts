import { InvalidArgumentError } from "./errors.ts";

/**
 * A length of time: `{ minutes: 5 }`, `{ hours: 1, minutes: 30 }`. Fields as in `Temporal.Duration`, without those whose
 * length depends on the calendar. A bare number is refused on purpose: elsewhere in this family it means seconds.
 */
export interface Duration {
  readonly weeks?: number;
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly milliseconds?: number;
}

const unitMs: ReadonlyMap<string, number> = new Map([
  ["weeks", 604_800_000],
  ["days", 86_400_000],
  ["hours", 3_600_000],
  ["minutes", 60_000],
  ["seconds", 1000],
  ["milliseconds", 1],
]);

/**
 * The milliseconds of a duration, rounded up to a whole one.
 *
 * Throws {@link InvalidArgumentError} for anything but an object of known, finite fields whose sum is not negative.
 */
export function durationToMs(duration: Duration, what = "the duration"): number {
  if (typeof duration !== "object" || duration === null) {
    throw new InvalidArgumentError(
      `${what} must be an object such as { minutes: 5 }, not ${String(duration)}`,
    );
  }
  let total = 0;
  let isEmpty = true;
  for (const [unit, length] of unitMs) {
    const amount: unknown = Reflect.get(duration, unit);
    if (amount === undefined) continue;
    if (typeof amount !== "number" || !Number.isFinite(amount)) {
      throw new InvalidArgumentError(`${what} has ${JSON.stringify(amount)} ${unit}`);
    }
    total += amount * length;
    isEmpty = false;
  }
  rejectUnknown(duration, what);
  if (isEmpty) throw new InvalidArgumentError(`${what} has none of ${known}`);
  if (total < 0) throw new InvalidArgumentError(`${what} is negative: ${total} ms`);
  return Math.ceil(total);
}

const known = [...unitMs.keys()].join(", ");

/** A misspelt field would be a time of zero; years and months, as in `Temporal.Duration`, have no fixed length. */
function rejectUnknown(duration: object, what: string): void {
  for (const unit of [...Object.keys(duration), "years", "months"]) {
    if (unitMs.has(unit) || !(unit in duration) || !Reflect.get(duration, unit)) continue;
    throw new InvalidArgumentError(`${what} has a field '${unit}'; it takes ${known}`);
  }
}
