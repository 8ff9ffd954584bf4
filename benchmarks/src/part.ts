import type { Contender } from "./contender.ts";

/** A part of the benchmarks, which can be run by its name. */
export interface Part {
  readonly name: string;
  readonly series: readonly Series[];
}

/** Contenders on the same work: one table. */
export interface Series {
  readonly title: string;
  readonly work: object;
  /** Those after the first are compared with it. */
  readonly contenders: readonly [Contender, ...Contender[]];
  readonly figures: readonly Figure[];
}

/** A column: one of the numbers that contenders report. */
export interface Figure {
  /** Its name in the measurement. */
  readonly key: string;
  /** What it says above the column, the unit included. */
  readonly heading: string;
  /** Digits after the point. Default: none. */
  readonly digits?: number;
  /** Which is better, where contenders are compared by it: the table says how many times better than the first each one is. */
  readonly better?: "more" | "less";
}
