import { appendFileSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { silentLogger } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { createSqliteStore, openTaskHub } from "@durabletask/sqlite";
import { Program } from "@durabletask/test-kit";
import { expect } from "vitest";
import { expectInvariants } from "./invariants.ts";
import { runToyWorker } from "./toy-worker.ts";

const program = fileURLToPath(new URL("./processes/run-until-killed.ts", import.meta.url));
/** So many of the newest instances are looked at after each cycle; all of them at the end. */
const recent = 500;

/** A hub's file, and a journal of what its processes say was acknowledged or has run: `start <id>`, `activity <id> <task>`. */
export interface KillFiles {
  readonly file: string;
  readonly journal: string;
}

/** Lets a process work on the hub, kills it at a random moment, and looks at what it leaves. */
export async function killOnce(
  { file, journal }: KillFiles,
  prefix: string,
  thread: boolean,
): Promise<void> {
  const running = Program.start([program, file, journal, prefix, String(thread)]);
  await running.until(({ stdout }) => stdout.includes("ready"));
  // A real wait: it decides where the knife falls.
  await setTimeout(5 + Math.random() * 120);
  running.kill();
  expect(await running.ended).toMatchObject({ exit: "SIGKILL" });
  await expectSoundFile(file);
}

/** Looks at the newest instances of a file whose hub is gone. */
export async function expectSoundFile(file: string): Promise<void> {
  const store = createSqliteStore(file, { thread: false });
  const { lastKey } = await store.open();
  await expectInvariants(store, Math.max(lastKey - recent, 0));
  await store.close();
}

/** Runs everything that is open to its end, and checks that all of it came about, and came about once. */
export async function finishAndCheck(files: KillFiles): Promise<{ started: number }> {
  await finish(files);
  const db = new DatabaseSync(files.file);
  expect(db.prepare("PRAGMA integrity_check").get()).toMatchObject({ integrity_check: "ok" });
  expect(orphans(db)).toBe(0);
  db.close();
  const lines = readFileSync(files.journal, "utf8").trimEnd().split("\n");
  return await expectComplete(files.file, new Set(lines));
}

async function finish({ file, journal }: KillFiles): Promise<void> {
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

async function expectComplete(
  file: string,
  journal: ReadonlySet<string>,
): Promise<{ started: number }> {
  const store = createSqliteStore(file, { thread: false });
  await store.open();
  const instances = await expectInvariants(store);
  await store.close();
  const ids = new Set(instances.map(({ record }) => record.id));
  const started = [...journal].filter((line) => line.startsWith("start "));
  const lost = started.filter((line) => !ids.has(line.slice("start ".length)));
  expect(lost).toEqual([]);
  for (const { record, tailEvents } of instances) {
    expect(record.status).toBe(OrchestrationStatus.COMPLETED);
    const result = record.name === "parent" ? "done" : "child";
    // The toy worker writes plain text, ours JSON.
    expect(tailEvents.at(-1)?.eventType.value).toMatchObject({
      result: expect.toBeOneOf([result, JSON.stringify(result)]),
    });
    const tasks = record.name === "parent" ? [1, 2] : [1];
    for (const task of tasks) expect(journal).toContain(`activity ${record.id} ${task}`);
  }
  return { started: started.length };
}
