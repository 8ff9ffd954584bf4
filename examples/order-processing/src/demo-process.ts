import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Report } from "./report.ts";

/** A program of the demo, running in a process of its own, which tells how far it is. */
export class DemoProcess<Told extends Partial<Report>> implements Disposable {
  /** Its file. */
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;
  #lastReport: Told | undefined;

  /** Starts a file of this folder. `onReport` is called ten times a second. */
  constructor(name: string, args: readonly string[], onReport: (report: Told) => void) {
    this.name = name;
    this.#process = fork(join(import.meta.dirname, name), args);
    // Reports that were under way when the process ended come before the end of the channel.
    this.#gone = Promise.all([once(this.#process, "exit"), once(this.#process, "disconnect")]);
    this.#process.on("message", (report: Told) => {
      this.#lastReport = report;
      onReport(report);
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get lastReport(): Told | undefined {
    return this.#lastReport;
  }

  /** Ends the process as a crash would: none of its code gets to run. On Windows too. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** Tells a process that works until it is told to stop. */
  stop(): void {
    this.#process.send("stop");
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
    throw new Error(`${this.name} ended with exit code ${this.#process.exitCode}`);
  }
}
