import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { type Clock, systemClock } from "@durabletask/core";
import { longestTimerMs } from "@durabletask/core/spi";
import { onTestFinished, type RunnerTestCase, TestRunner } from "vitest";

/** So long before the time limit of its test a program is ended: then the test can still say what it saw. */
const marginMs = 3000;

/** Our modules run from source. To compile them anew takes each program longer than most of them run. */
const compileCache = join(import.meta.dirname, "../node_modules/.compile-cache");

/** What a program has written so far. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program has ended, and all that it has written. */
export interface ProgramEnd extends Output {
  /** Its exit code, or the signal that ended it. */
  readonly exit: number | NodeJS.Signals | null;
}

export interface ProgramOptions {
  /** What is run. Default: this Node.js. */
  readonly command?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Default: the platform's clock. */
  readonly clock?: Clock;
}

/**
 * A program that the running test has in a process of its own.
 *
 * It is over when its test is, and a little before the test's time limit: who waits for it then is told what it has written, which
 * a test that runs out of time does not say. It has ended once its streams have: what a process wrote last may come after its exit.
 */
export class Program {
  readonly #name: string;
  readonly #process;
  readonly #ended = Promise.withResolvers<ProgramEnd>();
  /** Called when more was written. */
  readonly #looks = new Set<() => void>();
  #stdout = "";
  #stderr = "";
  #hasHung = false;

  private constructor(args: readonly string[], options: ProgramOptions) {
    const { command = process.execPath, cwd, env = process.env } = options;
    this.#name = [command, ...args].join(" ");
    this.#process = spawn(command, args, {
      cwd,
      env: { ...env, NODE_COMPILE_CACHE: compileCache },
      stdio: "pipe",
    });
    this.#process.once("error", (error) => this.#ended.reject(error));
    // One that has ended does not read any more; how it ended says more than that.
    this.#process.stdin.on("error", () => {});
    this.#process.once("close", (code, signal) => {
      this.#ended.resolve({ exit: code ?? signal, ...this.output });
    });
    this.#process.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      for (const look of this.#looks) look();
    });
    this.#process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      for (const look of this.#looks) look();
    });
  }

  static start(args: readonly string[], options: ProgramOptions = {}): Program {
    const program = new Program(args, options);
    const { clock = systemClock } = options;
    const cancel = clock.schedule(() => program.#giveUp(), remainingMs());
    onTestFinished(({ task }) => {
      cancel();
      if (task.result?.state === "fail" && program.#isSuspect) {
        console.error(program.#error("was part of this test").message);
      }
      program.kill();
    });
    // Not every test waits for the end.
    program.ended.catch(() => {});
    return program;
  }

  /** Rejects if it could not be started, or had to be ended because its test ran out of time. */
  get ended(): Promise<ProgramEnd> {
    return this.#ended.promise;
  }

  /** What it reads. */
  get input(): Writable {
    return this.#process.stdin;
  }

  get output(): Output {
    return { stdout: this.#stdout, stderr: this.#stderr };
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    this.#process.kill(signal);
  }

  /** Waits until what it has written is as told. Rejects if it ends before that. */
  async until(holds: (output: Output) => boolean): Promise<Output> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (holds(this.output)) resolve();
    };
    this.#looks.add(look);
    look();
    const early = this.ended.then(({ exit }) => {
      throw this.#error(`ended (${exit}) before it wrote what its test waits for`);
    });
    await Promise.race([promise, early]).finally(() => this.#looks.delete(look));
    return this.output;
  }

  /** Waits until it has ended well. Rejects if it has ended in any other way. */
  async succeeds(): Promise<Output> {
    const { exit, ...output } = await this.ended;
    if (exit !== 0) throw this.#error(`ended (${exit})`);
    return output;
  }

  /** Whether it may have to do with the failure of its test: not if it has ended well, or when the test wanted it to. */
  get #isSuspect(): boolean {
    const { exitCode, signalCode, killed } = this.#process;
    const isRunning = exitCode === null && signalCode === null;
    return this.#hasHung || isRunning || !(killed || exitCode === 0);
  }

  #giveUp(): void {
    this.#hasHung = true;
    this.#ended.reject(this.#error("still ran when the time of its test was nearly over"));
    this.kill();
  }

  #error(what: string): Error {
    const { stdout, stderr } = this.output;
    return new Error(`${this.#name} ${what}.\nIts output:\n${stdout}\nIts errors:\n${stderr}`);
  }
}

/** Runs a program to its end. Rejects, with all that it has written, if that is not a good one or takes too long. */
export async function runProgram(
  args: readonly string[],
  options?: ProgramOptions,
): Promise<Output> {
  return await Program.start(args, options).succeeds();
}

/** How long the running test may wait for a program. */
function remainingMs(): number {
  const test = TestRunner.getCurrentTest<RunnerTestCase | undefined>();
  if (test === undefined) throw new Error("a program of a test is started inside of the test");
  const { startTime = Date.now(), retryCount = 0 } = test.result ?? {};
  // A test that is tried again has all of its time again.
  const passedMs = retryCount > 0 ? 0 : Date.now() - startTime;
  // Under a debugger a test has no limit.
  const limitMs = test.timeout === 0 ? Infinity : test.timeout;
  return Math.min(Math.max(0, limitMs - passedMs - marginMs), longestTimerMs);
}
