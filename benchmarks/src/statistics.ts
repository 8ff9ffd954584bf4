/** The middle one of several figures. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] =
    sorted.length % 2 === 1
      ? [sorted[middle], sorted[middle]]
      : sorted.slice(middle - 1, middle + 1);
  return (low + high) / 2;
}

/** Median and range, as in `3 412 [3 105..3 530]`. */
export function summary(values: readonly number[], digits: number): string {
  const text = (value: number): string =>
    value
      .toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })
      .replaceAll(",", " ");
  return `${text(median(values))} [${text(Math.min(...values))}..${text(Math.max(...values))}]`;
}
