import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { silentLogger } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { createSqliteStore, openTaskHub } from "@durabletask/sqlite";
import { expect, it } from "vitest";
import { expectInvariants } from "./invariants.ts";
import { places } from "./places.ts";
import { temporaryFile } from "./temporary-file.ts";
import { runToyWorker } from "./toy-worker.ts";

const cycles = 12;
const program = fileURLToPath(new URL("./processes/run-until-killed.ts", import.meta.url));

it.each(places)(
  "survives kill -9 at random moments: nothing acknowledged is lost, nothing counts twice; $name",
  async ({ thread }) => {
    const file = temporaryFile();
    const journal = `${file}.journal`;
    writeFileSync(journal, "");
    for (let cycle = 0; cycle < cycles; cycle++) {
      await runAndKill([file, journal, `c${cycle}`, String(thread)], 5 + Math.random() * 120);
      const store = createSqliteStore(file, { thread: false });
      await store.open();
      await expectInvariants(store);
      await store.close();
    }
    await finish(file, journal);
    const db = new DatabaseSync(file);
    expect(db.prepare("PRAGMA integrity_check").get()).toMatchObject({ integrity_check: "ok" });
    expect(orphans(db)).toBe(0);
    db.close();
    const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
    await expectComplete(file, new Set(lines));
  },
  60_000,
);

async function runAndKill(parameters: readonly string[], afterMs: number): Promise<void> {
  const child = spawn(process.execPath, [program, ...parameters], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [ready] = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  expect(String(ready)).toContain("ready");
  // The one real wait of the suite: it decides where the knife falls.
  await setTimeout(afterMs);
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** Runs everything that is open to its end, in this process. */
async function finish(file: string, journal: string): Promise<void> {
  const hub = await openTaskHub(file, { logger: silentLogger });
  const worker = runToyWorker(hub, {
    now: Date.now,
    onActivity: (instanceId, taskId) =>
      appendFileSync(journal, `activity ${instanceId} ${taskId}\n`),
  }).catch(() => undefined);
  const service = createTaskHubService(hub);
  const { PENDING, RUNNING } = OrchestrationStatus;
  const query = { runtimeStatus: [PENDING, RUNNING], maxInstanceCount: 100_000 };
  for (;;) {
    const { orchestrationState } = await service.queryInstances({ query });
    if (orchestrationState.length === 0) break;
    await Promise.all(
      orchestrationState.map(({ instanceId }) => service.waitForInstanceCompletion({ instanceId })),
    );
  }
  await hub.close();
  await worker;
}

/** Rows of the log that no chain holds, and detached activities that nobody finished. */
function orphans(db: DatabaseSync): number {
  const row = db
    .prepare(
      `WITH RECURSIVE reached (r, prev) AS (
         SELECT log.r, log.prev FROM instances JOIN log ON log.r = instances.tail
         UNION ALL SELECT log.r, log.prev FROM reached JOIN log ON log.r = reached.prev
       ) SELECT (SELECT count(*) FROM log) - (SELECT count(*) FROM reached)
              + (SELECT count(*) FROM detached_activities) AS n`,
    )
    .get();
  return Number(row?.["n"]);
}

async function expectComplete(file: string, journal: ReadonlySet<string>): Promise<void> {
  const store = createSqliteStore(file, { thread: false });
  await store.open();
  const instances = await expectInvariants(store);
  await store.close();
  const ids = new Set(instances.map(({ record }) => record.id));
  const started = [...journal].filter((line) => line.startsWith("start "));
  expect(started.length).toBeGreaterThan(cycles);
  for (const line of started) expect(ids).toContain(line.slice("start ".length));
  for (const { record, tailEvents } of instances) {
    expect(record.status).toBe(OrchestrationStatus.COMPLETED);
    const result = record.name === "parent" ? "done" : "child";
    expect(tailEvents.at(-1)?.eventType.value).toMatchObject({ result });
    const tasks = record.name === "parent" ? [1, 2] : [1];
    for (const task of tasks) expect(journal).toContain(`activity ${record.id} ${task}`);
  }
}
