import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { type EmbeddedTaskHub, emptyBatch } from "@durabletask/backend";
import { silentLogger } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { createSqliteStore, openTaskHub } from "@durabletask/sqlite";
import { runProgram } from "@durabletask/test-kit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { places } from "./places.ts";
import { temporaryFile } from "./temporary-file.ts";

describe.each(places)("the file of a task hub, $name", ({ thread }) => {
  const open = async (file: string): Promise<EmbeddedTaskHub> => {
    const hub = await openTaskHub(file, { logger: silentLogger, thread });
    onTestFinished(() => hub.close());
    return hub;
  };

  it("is one file once it is closed", async () => {
    const file = temporaryFile();
    const hub = await open(file);
    expect(JSON.parse(readFileSync(`${file}.owner`, "utf8"))).toMatchObject({
      pid: process.pid,
      host: hostname(),
    });
    await createTaskHubService(hub).startInstance({ instanceId: "a", name: "main" });
    await hub.close();
    for (const suffix of ["-wal", "-shm", ".owner"]) expect(existsSync(file + suffix)).toBe(false);
    const db = new DatabaseSync(file, { readOnly: true });
    expect(db.prepare("PRAGMA integrity_check").get()).toMatchObject({ integrity_check: "ok" });
    db.close();
  });

  it("may have any name", async () => {
    for (const name of ["it's.db", "100%.db", "hub #1?.db", "漢字 🙂.db", "-x"]) {
      const file = temporaryFile(name);
      const hub = await open(file);
      await createTaskHubService(hub).startInstance({ instanceId: "a", name: "main" });
      await hub.close();
      const again = await open(file);
      expect(again.stats().liveInstances).toBe(1);
      await again.close();
    }
  });

  it("a second open in this process is refused, and says so", async () => {
    const file = temporaryFile();
    const hub = await open(file);
    await expect(openTaskHub(file, { thread })).rejects.toMatchObject({
      code: "TASK_HUB_OWNED",
      message: expect.stringContaining("in this process"),
    });
    await createTaskHubService(hub).startInstance({ instanceId: "a", name: "main" });
    await hub.close();
    await (await open(file)).close();
  });

  it("a second open in another process is refused, and names the owner", async () => {
    const file = temporaryFile();
    await open(file);
    const peer = fileURLToPath(new URL("./processes/open-hub.ts", import.meta.url));
    const { stdout } = await runProgram([peer, file]);
    const { code, message } = JSON.parse(stdout) as { code: string; message: string };
    expect(code).toBe("TASK_HUB_OWNED");
    expect(message).toContain(`in process ${process.pid} on ${hostname()}`);
  });

  it("a left-behind owner file does no harm", async () => {
    const file = temporaryFile();
    for (const text of ["", "{", `{"pid":1,"host":"elsewhere","since":"then"}`, "[]", "null"]) {
      writeFileSync(`${file}.owner`, text);
      const hub = await open(file);
      expect(hub.stats().liveInstances).toBe(0);
      await hub.close();
    }
  });

  it("what is not a database is refused, and left alone", async () => {
    const file = temporaryFile();
    const text = "Dear diary, ".repeat(1000);
    writeFileSync(file, text);
    await expect(openTaskHub(file, { thread })).rejects.toMatchObject({
      code: "TASK_HUB_FILE_INVALID",
    });
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("somebody else's database is refused, and keeps its tables", async () => {
    const file = temporaryFile();
    const db = new DatabaseSync(file);
    db.exec("CREATE TABLE instances (x)");
    db.close();
    await expect(openTaskHub(file, { thread })).rejects.toMatchObject({
      code: "TASK_HUB_FILE_INVALID",
    });
    const again = new DatabaseSync(file);
    expect(again.prepare("SELECT count(*) AS n FROM sqlite_schema").get()).toMatchObject({ n: 1 });
    again.close();
  });

  it("a newer schema is refused", async () => {
    const file = temporaryFile();
    await (await open(file)).close();
    const db = new DatabaseSync(file);
    db.exec("PRAGMA user_version = 99");
    db.close();
    await expect(openTaskHub(file, { thread })).rejects.toMatchObject({
      code: "TASK_HUB_SCHEMA_TOO_NEW",
      message: expect.stringContaining("99"),
    });
  });

  it("a missing directory, and a directory in its place, are refused", async () => {
    const missing = temporaryFile("missing/hub.db");
    await expect(openTaskHub(missing, { thread })).rejects.toMatchObject({
      code: "TASK_HUB_UNREACHABLE",
    });
    const directory = temporaryFile("directory");
    mkdirSync(directory);
    await expect(openTaskHub(directory, { thread })).rejects.toMatchObject({
      code: "TASK_HUB_UNREACHABLE",
    });
  });

  it.each(["", ":memory:"])("%j is not the name of a file", async (file) => {
    await expect(openTaskHub(file, { thread })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("becomes smaller when much is purged", async () => {
    const file = temporaryFile();
    const hub = await open(file);
    const service = createTaskHubService(hub);
    const ids = Array.from({ length: 60 }, (_, index) => `i${index}`);
    const input = "x".repeat(100_000);
    await Promise.all(
      ids.map((instanceId) => service.startInstance({ instanceId, name: "main", input })),
    );
    await Promise.all(ids.map((instanceId) => service.terminateInstance({ instanceId })));
    await service.purgeInstances({ request: { case: "purgeInstanceFilter", value: {} } });
    await hub.close();
    expect(statSync(file).size).toBeLessThan(500_000);
  });

  it("what was written of a batch before its error is taken back", async () => {
    const store = createSqliteStore(temporaryFile(), { thread });
    await store.open();
    onTestFinished(() => store.close());
    const row = { row: 1, key: 1, prev: 0, arrived: 0, consumed: undefined, events: [] };
    const other = { ...row, row: 2 };
    await expect(store.commit({ ...emptyBatch, log: [other, row, row] })).rejects.toThrow("UNIQUE");
    expect(await store.chain(2)).toEqual([]);
    await store.commit({ ...emptyBatch, log: [row] });
    expect(await store.chain(1)).toHaveLength(1);
  });

  it("a batch stops at its first error and is refused whole, as on a full disk, and the hub heals", async () => {
    const file = temporaryFile();
    await (await open(file)).close();
    const db = new DatabaseSync(file);
    // A full disk rolls the transaction back by itself, as this trigger does.
    db.exec(`CREATE TRIGGER disk_is_full BEFORE INSERT ON log WHEN length(NEW.data) > 100000
             BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END`);
    db.close();
    const hub = await open(file);
    const service = createTaskHubService(hub);
    const exists = async (instanceId: string) => (await service.getInstance({ instanceId })).exists;
    const input = "x".repeat(200_000);
    const starts = await Promise.allSettled([
      service.startInstance({ instanceId: "before", name: "main" }),
      service.startInstance({ instanceId: "large", name: "main", input }),
      service.startInstance({ instanceId: "after", name: "main" }),
    ]);
    const unavailable = { status: "rejected", reason: { code: "UNAVAILABLE" } };
    expect(starts).toMatchObject([unavailable, unavailable, unavailable]);
    await vi.waitFor(async () => expect(await exists("before")).toBe(false), { timeout: 20_000 });
    for (const id of ["large", "after"]) expect(await exists(id)).toBe(false);
    await service.startInstance({ instanceId: "after", name: "main" });
    expect(await exists("after")).toBe(true);
  });
});
