import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Report } from "./report.ts";

const application = join(import.meta.dirname, "application.ts");

/** The application, running in a process of its own. */
export class ApplicationProcess implements Disposable {
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;
  #lastReport: Report | undefined;

  /** `onReport` is called ten times a second. */
  constructor(ordersFile: string, folder: string, onReport: (report: Report) => void) {
    this.#process = fork(application, [ordersFile, folder]);
    // Reports that were under way when the process ended come before the end of the channel.
    this.#gone = Promise.all([once(this.#process, "exit"), once(this.#process, "disconnect")]);
    this.#process.on("message", (report: Report) => {
      this.#lastReport = report;
      onReport(report);
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get lastReport(): Report | undefined {
    return this.#lastReport;
  }

  /** Ends the process as a crash would: none of its code gets to run. On Windows too. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** Leaves no process behind if something went wrong here. */
  [Symbol.dispose](): void {
    this.kill();
  }

  /** Waits until it is gone. Gives whether it did all of its work; rejects if it ended in another way than by `kill`. */
  async end(): Promise<"done" | "killed"> {
    await this.#gone;
    if (this.#process.exitCode === 0) return "done";
    if (this.#process.killed) return "killed";
    throw new Error(`the application ended with exit code ${this.#process.exitCode}`);
  }
}
