import { type Contender, run } from "./contender.ts";
import type { Measurement } from "./measurement.ts";
import type { Series } from "./part.ts";

/** Runs the contenders in turn, as often as there are rounds: what they are compared by was measured in the same minute. */
export async function measureRounds(
  { contenders, work }: Series,
  rounds: number,
): Promise<ReadonlyMap<Contender, Measurement[]>> {
  const results = new Map(contenders.map((contender) => [contender, [] as Measurement[]]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of contenders) {
      process.stderr.write(`round ${round} of ${rounds}: ${contender.name}\n`);
      results.get(contender)?.push(await run(contender, work));
    }
  }
  return results;
}
