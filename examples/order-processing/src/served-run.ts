import { styleText } from "node:util";
import { demoFiles } from "./demo-files.ts";
import { DemoProcess } from "./demo-process.ts";
import { type InterruptedRun, killShare } from "./interrupted-run.ts";
import { Ledger } from "./ledger.ts";
import { createProgress, type Progress } from "./progress.ts";
import type { Replays } from "./replay-counter.ts";
import type { Report } from "./report.ts";
import { whileRunning } from "./running-processes.ts";
import { ServerProcess } from "./server-process.ts";

type Told = Partial<Report>;
const nothing: Replays = { turns: 0, events: 0 };

/**
 * Runs the application as three processes: a server with the task hub, a worker and a client. Kills the server and the worker in
 * the middle, and starts both again; the client goes on as if nothing had been. Prints how it goes.
 */
export async function runServed(
  ordersFile: string,
  folder: string,
  total: number,
): Promise<InterruptedRun> {
  const begunAt = performance.now();
  const view = new View(createProgress(total));
  const { hub: file, ledger } = demoFiles(folder);
  Ledger.make(ledger);
  using first = await ServerProcess.start(file, 0);
  using worker = startWorker(first.url, folder, view);
  const { promise: isTime, resolve: kill } = Promise.withResolvers<void>();
  using client = new DemoProcess<Told>(
    "served-client.ts",
    [ordersFile, first.url, folder],
    (report) => {
      view.show(report);
      if (view.ended >= Math.floor(total * killShare) && view.steps > 0) kill();
    },
  );
  await whileRunning([first, worker], Promise.race([isTime, client.end()]));
  const killedAt = new Date();
  worker.kill();
  await Promise.all([first.kill(), worker.end()]);
  view.stop();
  console.log(styleText("red", killed(first, worker, view.ended, total)));

  using second = await ServerProcess.start(file, first.port);
  const resumedAt = new Date();
  const back = `Server ${second.pid} opened the same file at ${second.url}`;
  console.log(styleText("green", `✓ ${back}; client ${client.pid} goes on.`));
  view.progress = createProgress(total);
  using successor = startWorker(second.url, folder, view);
  await whileRunning([second, successor], client.end());
  successor.stop();
  await whileRunning([second], successor.end());
  view.stop();
  await second.stop();
  return {
    replays: sum(worker.lastReport?.replays, successor.lastReport?.replays),
    elapsedMs: performance.now() - begunAt,
    killedAt,
    resumedAt,
  };
}

function startWorker(url: string, folder: string, view: View): DemoProcess<Told> {
  return new DemoProcess<Told>("served-worker.ts", [url, folder], (report) => view.show(report));
}

function killed(
  server: ServerProcess,
  worker: DemoProcess<Told>,
  ended: number,
  total: number,
): string {
  const who = `Server ${server.pid} and worker ${worker.pid}`;
  return `✗ ${who} killed with SIGKILL at ${ended} of ${total} orders.`;
}

function sum(first: Replays = nothing, second: Replays = nothing): Replays {
  return { turns: first.turns + second.turns, events: first.events + second.events };
}

/** What the processes told last, in one display. */
class View {
  progress: Progress;
  #report: Report = { ended: 0, steps: 0, waiting: 0, replays: nothing, openedInMs: 0 };

  constructor(progress: Progress) {
    this.progress = progress;
  }

  get ended(): number {
    return this.#report.ended;
  }

  get steps(): number {
    return this.#report.steps;
  }

  show(report: Told): void {
    this.#report = { ...this.#report, ...report };
    this.progress.show(this.#report);
  }

  stop(): void {
    this.progress.stop();
  }
}
