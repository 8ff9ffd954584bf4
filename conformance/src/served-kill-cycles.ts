import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { fixedPort, Program } from "@durabletask/test-kit";
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
  const port = String(await fixedPort());
  const url = `http://localhost:${port}`;
  let server = await serve(file, port);
  const client = Program.start([clientProgram, url, journal]);
  let worker = Program.start([workerProgram, url, journal]);
  for (let cycle = 1; cycle <= cycles; cycle++) {
    await grows(journal);
    // A real wait: it decides where the knife falls.
    await setTimeout(Math.random() * 120);
    await kill(server);
    await expectSoundFile(file);
    if (cycle === cycles) break;
    if (cycle % killsPerWorker === 0) {
      await kill(worker);
      worker = Program.start([workerProgram, url, journal]);
    }
    server = await serve(file, port);
  }
  await Promise.all([kill(client), kill(worker)]);
}

async function kill(program: Program): Promise<void> {
  program.kill();
  await program.ended;
}

/** The `durabletask` command, as `npx @durabletask/cli` would find it. */
function command(): string {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve("@durabletask/cli/package.json");
  // A manifest of ours.
  const { bin } = require(manifest) as { bin: { durabletask: string } };
  return join(dirname(manifest), bin.durabletask);
}

/** Starts a server, which says when it is ready. */
async function serve(file: string, port: string): Promise<Program> {
  const server = Program.start([command(), "serve", "--db", file, "--port", port]);
  await server.until(({ stdout }) => stdout.includes("Endpoint="));
  return server;
}

/** Resolves when the worker and the client have written so much to their journal that both must be at work again. */
async function grows(journal: string): Promise<void> {
  const { size } = statSync(journal);
  while (statSync(journal).size < size + busyBytes) await setTimeout(5);
}
