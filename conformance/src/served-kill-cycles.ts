import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expectSoundFile, type KillFiles } from "./kill-cycles.ts";

const clientProgram = fileURLToPath(new URL("./processes/run-served-client.ts", import.meta.url));
const workerProgram = fileURLToPath(new URL("./processes/run-served-worker.ts", import.meta.url));
/** With so many kills of the server the worker is killed too. */
const killsPerWorker = 10;
/** About twenty lines of the journal: without a worker the client gets no further than a line a lane. */
const busyBytes = 500;

/**
 * Kills a server on the file at random moments, again and again, while a worker and a client in processes of their own work on
 * it, and looks at what each kill leaves.
 */
export async function killServers({ file, journal }: KillFiles, cycles: number): Promise<void> {
  const processes = new Processes();
  try {
    let server = processes.start(command(), "serve", "--db", file, "--port", "0");
    const url = await urlOf(server);
    const { port } = new URL(url);
    processes.start(clientProgram, url, journal);
    let worker = processes.start(workerProgram, url, journal);
    for (let cycle = 1; cycle <= cycles; cycle++) {
      await grows(journal);
      // A real wait: it decides where the knife falls.
      await setTimeout(Math.random() * 120);
      await processes.kill(server);
      await expectSoundFile(file);
      if (cycle === cycles) break;
      if (cycle % killsPerWorker === 0) {
        await processes.kill(worker);
        worker = processes.start(workerProgram, url, journal);
      }
      server = processes.start(command(), "serve", "--db", file, "--port", port);
      await urlOf(server);
    }
  } finally {
    await processes.killAll();
  }
}

type Process = ReturnType<typeof startProcess>;

function startProcess(args: readonly string[]) {
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
}

/** Processes that run until they are killed. */
class Processes {
  readonly #running = new Set<ChildProcess>();

  start(...args: readonly string[]): Process {
    const child = startProcess(args);
    this.#running.add(child);
    return child;
  }

  async kill(child: ChildProcess): Promise<void> {
    this.#running.delete(child);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  async killAll(): Promise<void> {
    await Promise.all(Array.from(this.#running, (child) => this.kill(child)));
  }
}

/** The `durabletask` command, as `npx @durabletask/cli` would find it. */
function command(): string {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve("@durabletask/cli/package.json");
  // A manifest of ours.
  const { bin } = require(manifest) as { bin: { durabletask: string } };
  return join(dirname(manifest), bin.durabletask);
}

async function urlOf(server: Process): Promise<string> {
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /Endpoint=(?<url>[^;]+)/u.exec(line)?.groups?.["url"];
    if (url !== undefined) return url;
  }
  throw new Error("the server has ended before it was ready");
}

/** Resolves when the worker and the client have written so much to their journal that both must be at work again. */
async function grows(journal: string): Promise<void> {
  const { size } = statSync(journal);
  while (statSync(journal).size < size + busyBytes) await setTimeout(5);
}
