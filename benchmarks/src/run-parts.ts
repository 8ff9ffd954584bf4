import { availableParallelism } from "node:os";
import type { Part } from "./part.ts";
import { measureRounds } from "./rounds.ts";
import { tableOf } from "./table.ts";

/** Runs those parts that the command line names, or all, and prints a table for each series. */
export async function runParts(command: string, parts: readonly Part[]): Promise<void> {
  const numbers = process.argv.slice(2).filter((argument) => /^\d+$/u.test(argument));
  const names = process.argv.slice(2).filter((argument) => !/^\d+$/u.test(argument));
  const unknown = names.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0 || numbers.length > 1) {
    throw new Error(`usage: ${command} [${parts.map(({ name }) => name).join("|")}]... [rounds]`);
  }
  const rounds = Number(numbers[0] ?? 3);

  console.log(
    `Node.js ${process.version}, ${availableParallelism()} processors, ${rounds} rounds.`,
  );
  console.log(
    "Fresh processes, contenders in turn; median [min..max]; ratios to the first are taken round by round.",
  );
  for (const part of parts) {
    if (names.length > 0 && !names.includes(part.name)) continue;
    for (const series of part.series) {
      const results = await measureRounds(series, rounds);
      console.log(`\n${part.name}: ${series.title}`);
      console.table(tableOf(series, results));
    }
  }
}
