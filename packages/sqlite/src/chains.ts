import type { LogRow } from "@durabletask/backend";
import type { Row } from "./connection.ts";
import type { Database } from "./database.ts";
import { decodeLogRow } from "./rows.ts";
import { selectChain } from "./statements.ts";

/** Rows of a chain that are read in one go, so that a long one does not hold up commits. */
const pageRows = 500;
/** Chains that are read in one go: most are short. */
const pageChains = 50;

/** The chain that ends in row `tail`, oldest row first. Empty when the row is not there. */
export async function readChain(database: Database, tail: number): Promise<readonly LogRow[]> {
  const [chain = []] = await readChains(database, [tail]);
  return chain;
}

/** The chains that end in these rows. */
export async function readChains(
  database: Database,
  tails: readonly number[],
): Promise<readonly (readonly LogRow[])[]> {
  const chains: (readonly LogRow[])[] = [];
  for (let start = 0; start < tails.length; start += pageChains) {
    const some = tails.slice(start, start + pageChains);
    const queries = some.map((tail) => ({ sql: selectChain, values: [tail, pageRows] }));
    const begun = await database.readAll(queries);
    for (const rows of begun) chains.push(await finish(database, rows));
  }
  return chains;
}

/** Reads what is left of a chain, and turns it round. */
async function finish(database: Database, begun: readonly Row[]): Promise<readonly LogRow[]> {
  const rows = begun.map(decodeLogRow);
  for (let prev = rows.at(-1)?.prev ?? 0; prev > 0; prev = rows.at(-1)?.prev ?? 0) {
    const page = await database.read(selectChain, prev, pageRows);
    // Removed since its end was read: a chain is there as a whole or not at all.
    if (page.length === 0) return [];
    for (const row of page) rows.push(decodeLogRow(row));
  }
  return rows.reverse();
}
