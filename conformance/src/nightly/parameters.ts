/** How much the nightly suite does, by `NIGHTLY_CYCLES` and `NIGHTLY_MINUTES`. */
export const cycles = number("NIGHTLY_CYCLES", 1_000);
export const soakMinutes = number("NIGHTLY_MINUTES", 30);

function number(name: string, byDefault: number): number {
  const value = Number(process.env[name] ?? byDefault);
  if (value > 0) return value;
  throw new Error(`${name} must be a positive number`);
}
