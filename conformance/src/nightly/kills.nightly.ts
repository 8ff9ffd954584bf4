import { appendFileSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import type { EmbeddedTaskHub } from "@durabletask/backend";
import { silentLogger } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { openTaskHub } from "@durabletask/sqlite";
import { describe, expect, it } from "vitest";
import { finishAndCheck, type KillFiles, killOnce } from "../kill-cycles.ts";
import { places } from "../places.ts";
import { killServers } from "../served-kill-cycles.ts";
import { temporaryFile } from "../temporary-file.ts";
import { runToyWorker } from "../toy-worker.ts";
import { cycles } from "./parameters.ts";

const secondsPerCycle = 15;

describe.each(places)("a hub whose process is killed again and again, $name", ({ thread }) => {
  itSurvives(async (files) => {
    for (let cycle = 1; cycle <= cycles; cycle++) {
      await killOnce(files, `c${cycle}`, thread);
      if (cycle % 100 === 0) console.log(`${cycle} kills`);
    }
  });
});

describe("a server that is killed again and again", () => {
  itSurvives((files) => killServers(files, cycles));
});

describe("a hub whose thread is killed again and again", () => {
  itSurvives(({ file, journal }) => killThreads(file, journal));
});

function itSurvives(kill: (files: KillFiles) => Promise<unknown>): void {
  it(
    `survives ${cycles} kills over one file: nothing acknowledged is lost, nothing counts twice`,
    async () => {
      const file = temporaryFile();
      const files = { file, journal: `${file}.journal` };
      writeFileSync(files.journal, "");
      await kill(files);
      const { started } = await finishAndCheck(files);
      console.log(`${cycles} kills, ${started} acknowledged starts, all of them complete`);
      expect(started).toBeGreaterThan(cycles);
    },
    cycles * secondsPerCycle * 1_000,
  );
}

/** Works on a hub, and ends its thread at random moments. */
async function killThreads(file: string, journal: string): Promise<void> {
  let thread: Worker | undefined;
  const remember = (worker: Worker) => void (thread = worker);
  process.on("worker", remember);
  const hub = await openTaskHub(file, { logger: silentLogger });
  const service = createTaskHubService(hub);
  let isOver = false;
  // The hub ends all streams when it fails, and refuses everybody until it is open again.
  const untilOver = async (work: () => Promise<void>) => {
    while (!isOver) await work().catch(() => setTimeout(5));
  };
  const work = untilOver(() =>
    runToyWorker(hub, {
      now: Date.now,
      onActivity: (instanceId, taskId) =>
        appendFileSync(journal, `activity ${instanceId} ${taskId}\n`),
    }),
  );
  let starts = 0;
  const start = async () => {
    const instanceId = `i${starts++}`;
    await service.startInstance({ instanceId, name: "parent" });
    appendFileSync(journal, `start ${instanceId}\n`);
    await service.waitForInstanceCompletion({ instanceId });
  };
  const lanes = [untilOver(start), untilOver(start), untilOver(start)];
  let kills = 0;
  while (kills < cycles) {
    await setTimeout(5 + Math.random() * 120);
    // A thread that is killed while it starts has not worked yet, and each such kill makes the hub wait longer.
    if (!thread || !isOpen(hub)) continue;
    const victim = thread;
    thread = undefined;
    await victim.terminate();
    kills++;
  }
  isOver = true;
  await Promise.all(lanes);
  await hub.close();
  await work;
  process.off("worker", remember);
}

function isOpen(hub: EmbeddedTaskHub): boolean {
  try {
    return hub.stats().commits > 0;
  } catch {
    return false;
  }
}
