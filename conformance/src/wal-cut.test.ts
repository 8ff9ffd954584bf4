import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { silentLogger } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { createSqliteStore, openTaskHub } from "@durabletask/sqlite";
import { expect, it } from "vitest";
import { expectInvariants } from "./invariants.ts";
import { places } from "./places.ts";
import { temporaryFile } from "./temporary-file.ts";
import { runToyWorker } from "./toy-worker.ts";

const walHeader = 32;
const frameHeader = 24;

it.each(places)(
  "every prefix of the WAL, cut at and inside every frame, is a sound task hub; $name",
  async ({ thread }) => {
    const { db, wal, pageSize } = await record(temporaryFile(), thread);
    const frame = frameHeader + pageSize;
    const frames = Math.floor((wal.length - walHeader) / frame);
    expect(frames).toBeGreaterThan(20);
    const seen = new Set<number>();
    for (let index = 0; index <= frames; index++) {
      const end = walHeader + index * frame;
      // At the frame, inside its header, inside its page.
      for (const cut of [end, end + 11, end + frameHeader + 100]) {
        const prefix = temporaryFile();
        writeFileSync(prefix, db);
        writeFileSync(`${prefix}-wal`, wal.subarray(0, cut));
        seen.add(await soundInstances(prefix));
      }
    }
    // The cuts met the hub in many states, from nothing to two parents with two children each.
    expect(seen.size).toBeGreaterThan(3);
    expect([Math.min(...seen), Math.max(...seen)]).toEqual([0, 6]);
  },
);

/** Runs a little work and copies file and WAL as they are just before the close. */
async function record(
  file: string,
  thread: boolean,
): Promise<{ db: Buffer; wal: Buffer; pageSize: number }> {
  const hub = await openTaskHub(file, { logger: silentLogger, thread });
  const worker = runToyWorker(hub, { now: Date.now }).catch(() => undefined);
  const service = createTaskHubService(hub);
  for (const instanceId of ["a", "b"]) await service.startInstance({ instanceId, name: "parent" });
  for (const instanceId of ["a", "b"]) {
    const { orchestrationState } = await service.waitForInstanceCompletion({ instanceId });
    expect(orchestrationState?.orchestrationStatus).toBe(OrchestrationStatus.COMPLETED);
  }
  const copy = temporaryFile();
  // To read the file in its owner's process drops SQLite's lock on it; here nobody else wants it.
  copyFileSync(file, copy);
  copyFileSync(`${file}-wal`, `${copy}-wal`);
  await hub.close();
  await worker;
  const db = readFileSync(copy);
  return { db, wal: readFileSync(`${copy}-wal`), pageSize: db.readUInt16BE(16) || 4096 };
}

async function soundInstances(file: string): Promise<number> {
  const store = createSqliteStore(file, { thread: false });
  await store.open();
  const instances = await expectInvariants(store);
  for (const { record } of instances) {
    for (const child of await store.children(record.id)) expect(child.parentId).toBe(record.id);
  }
  await store.close();
  const db = new DatabaseSync(file);
  expect(db.prepare("PRAGMA integrity_check").get()).toMatchObject({ integrity_check: "ok" });
  db.close();
  return instances.length;
}
