/** What a contender's process measured, by name: milliseconds, rates, counts. */
export type Measurement = Readonly<Record<string, number>>;

/** The work that a contender's process was given as its first argument; by hand, what it does without one. */
export function workFromArguments<Work extends object>(byHand: Work): Work {
  return { ...byHand, ...JSON.parse(process.argv[2] ?? "{}") };
}

/** Prints the measurement where the parent process reads it. */
export function report(measurement: Measurement): void {
  console.log(JSON.stringify(measurement));
}
