import { styleText } from "node:util";
import { DemoProcess } from "./demo-process.ts";
import { createProgress } from "./progress.ts";
import type { Replays } from "./replay-counter.ts";
import type { Report } from "./report.ts";

/** What is known of a run that was killed in the middle. */
export interface InterruptedRun {
  /** Of all processes. */
  readonly replays: Replays;
  readonly elapsedMs: number;
  readonly killedAt: Date;
  /** When the next process was at work. */
  readonly resumedAt: Date;
}

/** The share of the orders that have ended when the application is killed. */
export const killShare = 0.45;

/** Runs the application, kills it in the middle, and runs it again until all orders have ended. Prints how it goes. */
export async function runInterrupted(
  ordersFile: string,
  folder: string,
  total: number,
): Promise<InterruptedRun> {
  const begunAt = performance.now();
  const killed = await runUntilKilled(ordersFile, folder, total);
  const resumed = await runToEnd(ordersFile, folder, total);
  return {
    replays: {
      turns: killed.report.replays.turns + resumed.report.replays.turns,
      events: killed.report.replays.events + resumed.report.replays.events,
    },
    elapsedMs: performance.now() - begunAt,
    killedAt: killed.at,
    resumedAt: resumed.at,
  };
}

async function runUntilKilled(
  ordersFile: string,
  folder: string,
  total: number,
): Promise<{ at: Date; report: Report }> {
  const progress = createProgress(total);
  let at = new Date();
  using application = new DemoProcess<Report>("application.ts", [ordersFile, folder], (report) => {
    progress.show(report);
    // Not before it has begun to work, however few the orders.
    if (report.ended < Math.floor(total * killShare) || report.steps === 0) return;
    at = new Date();
    application.kill();
  });
  const end = await application.end();
  progress.stop();
  const report = application.lastReport;
  if (end === "done" || report === undefined) {
    throw new Error("the application was done before it could be killed");
  }
  console.log(
    styleText(
      "red",
      `✗ Process ${application.pid} killed with SIGKILL at ${report.ended} of ${total} orders.`,
    ),
  );
  return { at, report };
}

async function runToEnd(
  ordersFile: string,
  folder: string,
  total: number,
): Promise<{ at: Date; report: Report }> {
  let progress: ReturnType<typeof createProgress> | undefined;
  let at = new Date();
  using application = new DemoProcess<Report>("application.ts", [ordersFile, folder], (report) => {
    if (progress === undefined) {
      at = new Date();
      const opened = `opened the same file in ${Math.round(report.openedInMs)} ms and goes on`;
      console.log(styleText("green", `✓ Process ${application.pid} ${opened}.`));
      progress = createProgress(total);
    }
    progress.show(report);
  });
  await application.end();
  progress?.stop();
  const report = application.lastReport;
  if (report === undefined) throw new Error("the application ended without a report");
  return { at, report };
}
