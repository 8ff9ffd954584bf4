import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

const startMs = 60_000;

/** A server of a peer, as it is started. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly options: SpawnOptions;
  /** What ends it at once: its data is thrown away. */
  readonly stopSignal: NodeJS.Signals;
  /** Whether it serves by now; it is asked again and again. */
  isReady(output: string): boolean | Promise<boolean>;
}

/** A server of a peer, in a child process. It ends with this process, however that ends: by an error or a signal, too. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #stopSignal: NodeJS.Signals;
  #output = "";

  private constructor({ program, args, options, stopSignal }: Command) {
    this.#child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    this.#stopSignal = stopSignal;
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
    }
    // Before the folder of its data is removed.
    process.prependOnceListener("exit", () => this.#child.kill(stopSignal));
  }

  /** Starts a server and waits until it serves. */
  static async start(command: Command): Promise<ServerProcess> {
    const server = new ServerProcess(command);
    const deadline = performance.now() + startMs;
    while (!(await command.isReady(server.#output))) {
      if (server.#hasEnded || performance.now() > deadline) {
        throw new Error(`${command.program} did not start\n${server.#output}`);
      }
      await setTimeout(50);
    }
    return server;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded) return;
    const ended = once(this.#child, "exit");
    this.#child.kill(this.#stopSignal);
    await ended;
  }
}

/** A folder that is there as long as this process is. Signals end the process in order from here on. */
export function openServerFolder(): string {
  const folder = mkdtempSync(join(process.env["BENCH_DIR"] ?? tmpdir(), "durabletask-bench-"));
  process.once("exit", () => removeFolder(folder));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  return folder;
}

/** A server that was told to end a moment ago may still write, and `rmSync` then leaves a folder without a word. */
function removeFolder(folder: string): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let attempt = 0; attempt < 100 && existsSync(folder); attempt += 1) {
    if (attempt > 0) Atomics.wait(pause, 0, 0, 50);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}
