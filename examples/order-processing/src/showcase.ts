import type { OrderResult } from "./results.ts";

const telling = ["eventRaised", "taskFailed", "subOrchestrationInstanceCompleted"] as const;

/** The order whose history has most to tell: best one that the kill fell into, with an approval, a retry, a shipment. */
export function chooseShowcase(
  results: readonly OrderResult[],
  killedAt: Date,
): OrderResult | undefined {
  const score = (result: OrderResult): number => {
    const types = new Set(result.history.map(({ type }) => type));
    const told = telling.filter((type) => types.has(type)).length;
    // Of equals the longer one, as long as it fits a screen.
    return (wasOpenAt(result, killedAt) ? 2 : 0) + told + Math.min(result.history.length, 60) / 100;
  };
  const [best] = results
    .map((result) => ({ result, score: score(result) }))
    .sort((a, b) => b.score - a.score);
  return best?.result;
}

/** Whether an order had begun before that moment and ended after it. */
export function wasOpenAt({ history }: OrderResult, moment: Date): boolean {
  const [first, last] = [history.at(0), history.at(-1)];
  if (first === undefined || last === undefined) return false;
  return first.timestamp < moment && moment < last.timestamp;
}
