import { join } from "node:path";

/** The files of one run of the demo, in a folder of their own. */
export function demoFiles(folder: string): { readonly hub: string; readonly ledger: string } {
  return { hub: join(folder, "orders.db"), ledger: join(folder, "ledger.db") };
}
