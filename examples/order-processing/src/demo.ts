// Runs the application on a list of orders, kills it in the middle, starts it again, and looks at what came of it.
//
//     pnpm demo [--server] [orders.json]
import { mkdtemp, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs, styleText } from "node:util";
import { TaskHubClient } from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";
import { createActivities } from "./activities.ts";
import { demoFiles } from "./demo-files.ts";
import { addUp } from "./figures.ts";
import { type InterruptedRun, runInterrupted } from "./interrupted-run.ts";
import { Ledger } from "./ledger.ts";
import { createOrchestrators } from "./orchestrators.ts";
import { type Order, OrdersFileError, readOrders } from "./orders.ts";
import { type OrderResult, readResults } from "./results.ts";
import { runServed } from "./served-run.ts";
import { chooseShowcase, wasOpenAt } from "./showcase.ts";
import { formatSummary } from "./summary.ts";
import { formatTimeline } from "./timeline.ts";
import { verify } from "./verification.ts";

// After the progress bar, which listens too and gives the terminal back as it was.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => setImmediate(() => process.exit(130)));
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  if (!(error instanceof OrdersFileError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

/** Gives whether all is as it should be. */
async function main(): Promise<boolean> {
  // The folder where the command was typed: pnpm runs scripts in that of their package.
  const typedIn = process.env["INIT_CWD"] ?? process.cwd();
  const { values, positionals } = parseArgs({
    options: { server: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [argument] = positionals;
  const ordersFile =
    argument === undefined
      ? join(import.meta.dirname, "../orders.json")
      : resolve(typedIn, argument);
  const orders = await readOrders(ordersFile);
  const folder = await mkdtemp(join(tmpdir(), "durabletask-demo-"));
  console.log(`${orders.length} orders from ${ordersFile}`);
  console.log(`Task hub in ${demoFiles(folder).hub}\n`);
  // One process with all in it, or a server, a worker and a client.
  const runThrough = values.server ? runServed : runInterrupted;
  const run = await runThrough(ordersFile, folder, orders.length);
  return await lookBack(folder, orders, run);
}

/** Opens the files once more, prints what is in them, and compares them. */
async function lookBack(
  folder: string,
  orders: readonly Order[],
  run: InterruptedRun,
): Promise<boolean> {
  const files = demoFiles(folder);
  await using hub = await openTaskHub(files.hub);
  using ledger = new Ledger(files.ledger);
  const orchestrators = createOrchestrators(createActivities(ledger));
  const results = await readResults(new TaskHubClient(hub), orchestrators, orders);

  const summary = formatSummary({
    figures: addUp(results),
    replays: run.replays,
    reruns: ledger.reruns(),
    charges: ledger.charges().length,
    elapsedMs: run.elapsedMs,
    downMs: run.resumedAt.getTime() - run.killedAt.getTime(),
    fileBytes: (await stat(files.hub)).size,
  });
  console.log(`\n${summary}\n`);
  printTimeline(results.orders, run);
  console.log(`The files are still there: ${folder}`);

  const faults = verify(results, ledger.charges());
  if (faults.length > 0) {
    console.log(styleText("red", `✗ This is not as it should be:\n  ${faults.join("\n  ")}`));
    return false;
  }
  const verdict = "each order ended once, each shipped one was charged once, no other was";
  console.log(styleText("green", `✓ Checked: ${verdict}.`));
  return true;
}

/** The history of one order, with the kill where it fell into it. */
function printTimeline(
  results: readonly OrderResult[],
  { killedAt, resumedAt }: InterruptedRun,
): void {
  const showcase = chooseShowcase(results, killedAt);
  if (showcase === undefined) return;
  const { id, customer, city } = showcase.order;
  const downMs = resumedAt.getTime() - killedAt.getTime();
  const text = styleText("red", `killed, and back after ${downMs} ms`);
  const marks = wasOpenAt(showcase, killedAt) ? [{ at: killedAt, text }] : [];
  console.log(styleText("bold", `${id} for ${customer} in ${city}`));
  console.log(`${formatTimeline(showcase.history, marks)}\n`);
}
