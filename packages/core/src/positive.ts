import { InvalidArgumentError } from "./errors.ts";

/** The value, if it is a whole number above 0. Throws `InvalidArgumentError` for any other. */
export function positive(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(`${what} is ${value}; it must be a whole number above 0`);
}

/** The value, if it is a whole number, 0 included. Throws `InvalidArgumentError` for any other. */
export function notNegative(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError(`${what} is ${value}; it must be 0 or a whole number above it`);
}
