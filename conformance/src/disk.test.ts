import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { silentLogger } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { openTaskHub } from "@durabletask/sqlite";
import { runProgram } from "@durabletask/test-kit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { places } from "./places.ts";
import { temporaryFile } from "./temporary-file.ts";

const program = fileURLToPath(new URL("./processes/meet-disk-error.ts", import.meta.url));
const isRoot = process.getuid?.() === 0;

/** A file system of its own of so many bytes; nothing where this process may not mount one. */
function mountDisk(bytes: number): string | undefined {
  const folder = dirname(temporaryFile());
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder], {
      stdio: "ignore",
    });
  } catch {
    return undefined;
  }
  onTestFinished(() => {
    execFileSync("/bin/umount", ["--lazy", folder]);
  });
  return folder;
}

describe.each(places)("a disk that fails, $name", ({ thread }) => {
  it("a full disk refuses with UNAVAILABLE, keeps what was acknowledged, and heals when there is room", async (context) => {
    const folder = mountDisk(2_000_000);
    if (folder === undefined) return context.skip("no file system can be mounted here");
    const file = `${folder}/hub.db`;
    const hub = await openTaskHub(file, { logger: silentLogger, thread });
    onTestFinished(() => hub.close());
    const service = createTaskHubService(hub);
    const start = async (instanceId: string) =>
      await service.startInstance({ instanceId, name: "main", input: "x".repeat(50_000) });
    await start("first");
    const { bavail, bsize } = statfsSync(folder);
    writeFileSync(`${folder}/ballast`, Buffer.alloc(Math.max(0, bavail * bsize - 120_000)));
    const acknowledged = ["first"];
    let refusal: unknown;
    for (let index = 0; index < 20 && !refusal; index++) {
      try {
        await start(`i${index}`);
        acknowledged.push(`i${index}`);
      } catch (error) {
        refusal = error;
      }
    }
    expect(refusal).toMatchObject({ code: "UNAVAILABLE" });
    rmSync(`${folder}/ballast`);
    // It tries again with a growing delay.
    await vi.waitFor(async () => start("after"), { timeout: 20_000 });
    const { orchestrationState } = await service.queryInstances({ query: {} });
    expect(orchestrationState.map(({ instanceId }) => instanceId)).toEqual([
      ...acknowledged,
      "after",
    ]);
    await hub.close();
    const db = new DatabaseSync(file);
    expect(db.prepare("PRAGMA integrity_check").get()).toMatchObject({ integrity_check: "ok" });
    db.close();
  });

  it("a full disk keeps a hub from being opened, and the error says so", async (context) => {
    const folder = mountDisk(100_000);
    if (folder === undefined) return context.skip("no file system can be mounted here");
    writeFileSync(`${folder}/ballast`, Buffer.alloc(90_000));
    await expect(openTaskHub(`${folder}/hub.db`, { thread })).rejects.toMatchObject({
      code: "TASK_HUB_UNREACHABLE",
      message: expect.stringContaining("its disk is full"),
    });
    rmSync(`${folder}/ballast`);
    const hub = await openTaskHub(`${folder}/hub.db`, { thread, logger: silentLogger });
    await hub.close();
  });

  it.runIf(process.platform === "linux")(
    "an I/O error in a commit refuses with UNAVAILABLE, and the hub heals",
    async () => {
      const { stdout } = await runProgram([program, temporaryFile(), String(thread)]);
      const ioError = 10;
      expect(JSON.parse(stdout)).toEqual({
        met: { before: "started", during: "UNAVAILABLE", after: "started" },
        ids: ["before", "after"],
        code: ioError,
      });
    },
  );

  it("a file that is read-only is refused, and left as it is", async (context) => {
    const folder = isRoot ? mountDisk(1_000_000) : dirname(temporaryFile());
    if (folder === undefined) return context.skip("root may write everything, and mount nothing");
    const file = `${folder}/hub.db`;
    await (await openTaskHub(file, { logger: silentLogger, thread })).close();
    // What is read-only does not stop root, but a file system that is.
    if (isRoot) execFileSync("/bin/mount", ["-o", "remount,ro", folder]);
    else chmodSync(file, 0o444);
    await expect(openTaskHub(file, { thread })).rejects.toMatchObject({
      code: "TASK_HUB_READ_ONLY",
      message: expect.stringContaining(file),
    });
    if (isRoot) execFileSync("/bin/mount", ["-o", "remount,rw", folder]);
    else chmodSync(file, 0o644);
    await (await openTaskHub(file, { logger: silentLogger, thread })).close();
  });
});
