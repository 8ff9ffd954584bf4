import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { dirname, join } from "node:path";

/** The `durabletask` command, as `npx @durabletask/cli` would find it. */
function command(): string {
  const manifest = createRequire(import.meta.url).resolve("@durabletask/cli/package.json");
  const { bin } = createRequire(import.meta.url)(manifest) as { bin: { durabletask: string } };
  return join(dirname(manifest), bin.durabletask);
}

/** `durabletask serve` on a file, in a process of its own. */
export class ServerProcess implements Disposable {
  readonly name = "the server";
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;
  readonly url: string;

  private constructor(process: ChildProcess, gone: Promise<unknown>, url: string) {
    this.#process = process;
    this.#gone = gone;
    this.url = url;
  }

  /** Starts it and waits until it is ready. Port 0 is a free one. */
  static async start(file: string, port: number): Promise<ServerProcess> {
    const args = [command(), "serve", "--db", file, "--port", String(port), "--log-level", "error"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const gone = once(child, "exit");
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /Endpoint=([^;]+)/u.exec(line)?.[1];
      if (url !== undefined) return new ServerProcess(child, gone, url);
    }
    throw new Error("the server has ended before it was ready");
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.end();
  }

  /** Lets it come to its end, with its file closed. Rejects if it ends in another way, or has. */
  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.end();
    const { exitCode, signalCode } = this.#process;
    if (exitCode === 0) return;
    throw new Error(`the server ended with ${signalCode ?? `exit code ${exitCode}`}`);
  }

  /** Waits until it is gone, in whatever way. */
  async end(): Promise<void> {
    await this.#gone;
  }

  [Symbol.dispose](): void {
    this.#process.kill("SIGKILL");
  }
}
