import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  defineActivity,
  defineOrchestrator,
  silentLogger,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";
import { expect, it } from "vitest";
import { temporaryFile } from "../temporary-file.ts";
import { soakMinutes } from "./parameters.ts";
import { chart, table } from "./soak-report.ts";
import type { Sample } from "./soak-report.ts";

const lanes = 100;
const samples = 60;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

it(
  `${soakMinutes} minutes at full load: memory, file and event-loop delay stay flat`,
  async () => {
    const taken = await soak(temporaryFile());
    mkdirSync("nightly-report", { recursive: true });
    writeFileSync("nightly-report/soak.md", table(taken));
    writeFileSync("nightly-report/soak.svg", chart(taken));
    console.log(table(taken));
    // The first third warms up. What leaks doubles between the second and the third; noise does not.
    expect(growth(taken, "heapMB")).toBeLessThan(1.25);
    expect(growth(taken, "fileMB")).toBeLessThan(1.25);
    expect(growth(taken, "delayMs")).toBeLessThan(2);
  },
  (soakMinutes + 2) * 60_000,
);

/** Runs orchestrations as fast as they go, purges each that has ended, and takes samples. */
async function soak(file: string): Promise<readonly Sample[]> {
  const hub = await openTaskHub(file, { logger: silentLogger });
  const step = defineActivity("step", (_, input: number) => input + 1);
  const steps = defineOrchestrator("steps", async (ctx) => {
    let sum = 0;
    for (let index = 0; index < 5; index++) sum = await ctx.callActivity(step, sum);
    return sum;
  });
  const worker = await new TaskHubWorker(hub, { logger: silentLogger })
    .register(step, steps)
    .start();
  const client = new TaskHubClient(hub);
  let isOver = false;
  let done = 0;
  const lane = async () => {
    while (!isOver) {
      const id = await client.scheduleNewOrchestration(steps);
      expect((await client.waitForOrchestrationCompletion(id)).output).toBe(5);
      await client.purgeOrchestration(id);
      done++;
    }
  };
  const work = Promise.all(Array.from({ length: lanes }, lane));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const taken: Sample[] = [];
  const seconds = (soakMinutes * 60) / samples;
  for (let index = 1; index <= samples; index++) {
    const before = done;
    await setTimeout(seconds * 1_000);
    const delayMs = delay.percentile(99) / 1e6;
    collectGarbage();
    taken.push({
      minute: (index * seconds) / 60,
      perSecond: (done - before) / seconds,
      heapMB: process.memoryUsage().heapUsed / 1e6,
      residentMB: process.memoryUsage().rss / 1e6,
      fileMB: (sizeOf(file) + sizeOf(`${file}-wal`)) / 1e6,
      delayMs,
    });
    // The collection above was not the hub's.
    delay.reset();
  }
  isOver = true;
  await work;
  await worker.stop();
  await hub.close();
  return taken;
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

/** How many times as much the last third has as the one before it. */
function growth(taken: readonly Sample[], key: keyof Sample): number {
  const third = Math.floor(taken.length / 3);
  const middle = median(taken.slice(third, 2 * third).map((sample) => sample[key]));
  return median(taken.slice(2 * third).map((sample) => sample[key])) / middle;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
