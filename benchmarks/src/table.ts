import type { Contender } from "./contender.ts";
import type { Measurement } from "./measurement.ts";
import type { Figure, Series } from "./part.ts";
import { median, summary } from "./statistics.ts";

type Results = ReadonlyMap<Contender, readonly Measurement[]>;

/** A row for each contender: its figures, and how many times better they are than the first contender's. */
export function tableOf(
  { contenders, figures }: Series,
  results: Results,
): Record<string, Record<string, string>> {
  const [first] = contenders;
  const rows = contenders.map((contender): [string, Record<string, string>] => {
    const row: Record<string, string> = {};
    for (const figure of figures) {
      const values = valuesOf(results, contender, figure);
      if (values.length === 0) continue;
      row[figure.heading] = summary(values, figure.digits ?? 0);
      const ratios = ratiosOf(values, valuesOf(results, first, figure), figure);
      if (ratios.length > 0) row[`times better: ${figure.heading}`] = median(ratios).toFixed(2);
    }
    if (contender.target !== undefined) row["target"] = contender.target;
    return [contender.name, row];
  });
  return Object.fromEntries(rows);
}

/** Round by round: both were measured in the same minute. */
function ratiosOf(
  values: readonly number[],
  ofFirst: readonly number[],
  { better }: Figure,
): readonly number[] {
  if (better === undefined) return [];
  return values.flatMap((value, round) => {
    const other = ofFirst[round];
    if (other === undefined) return [];
    return better === "more" ? value / other : other / value;
  });
}

function valuesOf(results: Results, contender: Contender, { key }: Figure): readonly number[] {
  return (results.get(contender) ?? []).flatMap((measurement) => measurement[key] ?? []);
}
