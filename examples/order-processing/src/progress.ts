import { styleText } from "node:util";
import { SingleBar } from "cli-progress";
import type { Report } from "./report.ts";

/** Shows how far the application is. */
export interface Progress {
  show(report: Report): void;
  /** Ends the display; what is printed afterwards comes below it. */
  stop(): void;
}

type Output = Pick<NodeJS.WriteStream, "write"> & { readonly isTTY?: boolean };

/** A progress bar on a terminal, and elsewhere a line now and then. */
export function createProgress(total: number, output: Output = process.stdout): Progress {
  return output.isTTY === true ? createBar(total) : createLines(total, output);
}

function createBar(total: number): Progress {
  const bar = new SingleBar({
    // Fits 80 columns.
    format: `  ${styleText("cyan", "{bar}")} {value}/{total} orders · {steps} steps{waiting}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 28,
    hideCursor: true,
    gracefulExit: true,
    stream: process.stdout,
  });
  bar.start(total, 0, { steps: 0, waiting: "" });
  return {
    show: (report) =>
      bar.update(report.ended, { steps: report.steps, waiting: waitingText(report) }),
    stop: () => bar.stop(),
  };
}

const lineIntervalMs = 1000;

function createLines(total: number, output: Output): Progress {
  let last: { readonly at: number; readonly line: string } | undefined;
  let latest: Report | undefined;
  const print = (report: Report): void => {
    const line = `  ${report.ended} of ${total} orders · ${report.steps} steps${waitingText(report)}`;
    if (line !== last?.line) output.write(`${line}\n`);
    last = { at: performance.now(), line };
  };
  return {
    show(report) {
      latest = report;
      if (last === undefined || performance.now() - last.at >= lineIntervalMs) print(report);
    },
    stop() {
      if (latest !== undefined) print(latest);
    },
  };
}

function waitingText({ waiting }: Report): string {
  return waiting === 0 ? "" : ` · ${waiting} to be approved`;
}
