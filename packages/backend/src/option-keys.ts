import { InvalidArgumentError } from "@durabletask/core";

/** Refuses an option of several parts that has others than these: a misspelt one would quietly do nothing. */
export function checkKeys(option: object, name: string, known: readonly string[]): void {
  for (const key of Object.keys(option)) {
    if (known.includes(key)) continue;
    throw new InvalidArgumentError(`${name} has no '${key}'; it takes ${known.join(", ")}`);
  }
}
