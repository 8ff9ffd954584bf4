import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import type { EmbeddedTaskHub } from "@durabletask/backend";
import { silentLogger } from "@durabletask/core";
import { createTaskHubService } from "@durabletask/core/spi";
import { openTaskHub } from "@durabletask/sqlite";
import { runProgram } from "@durabletask/test-kit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { hungryEnvironment } from "./hungry-thread.ts";
import { temporaryFile } from "./temporary-file.ts";

const leaveHubOpen = fileURLToPath(new URL("./programs/leave-hub-open.ts", import.meta.url));
const outOfMemory = fileURLToPath(new URL("./programs/thread-out-of-memory.ts", import.meta.url));

/** Opens a hub, and gets hold of its thread. */
async function open(file: string): Promise<{ hub: EmbeddedTaskHub; thread: Worker }> {
  const started = once(process, "worker");
  const hub = await openTaskHub(file, { logger: silentLogger });
  onTestFinished(() => hub.close());
  const [thread] = (await started) as [Worker];
  return { hub, thread };
}

describe("the thread of the store", () => {
  it.each([
    ["is killed", (thread: Worker) => void thread.terminate()],
    // No request: it ends the thread with an error that nobody catches.
    ["fails", (thread: Worker) => thread.postMessage(null)],
  ])(
    "%s: who waits gets UNAVAILABLE, what was acknowledged stays, and the hub goes on",
    async (_, end) => {
      const { hub, thread } = await open(temporaryFile());
      const service = createTaskHubService(hub);
      await service.startInstance({ instanceId: "before", name: "main" });
      end(thread);
      const during = service.startInstance({ instanceId: "during", name: "main" });
      await expect(during).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await vi.waitFor(async () => service.startInstance({ instanceId: "after", name: "main" }), {
        timeout: 20_000,
      });
      const { orchestrationState } = await service.queryInstances({ query: {} });
      expect(orchestrationState.map(({ instanceId }) => instanceId)).toEqual(["before", "after"]);
    },
  );

  it("is killed before it is ready: the hub is not opened, rather than opened without a thread", async () => {
    const file = temporaryFile();
    process.once("worker", (thread) => void thread.terminate());
    await expect(openTaskHub(file, { logger: silentLogger })).rejects.toThrow("thread");
    const { thread } = await open(file);
    expect(thread.threadId).toBeGreaterThan(0);
  });

  it("runs out of memory: who waits gets UNAVAILABLE, and the hub goes on", async () => {
    const { stdout } = await runProgram(["--max-old-space-size=64", outOfMemory, temporaryFile()], {
      env: hungryEnvironment,
    });
    expect(JSON.parse(stdout)).toEqual({
      thread: "ERR_WORKER_OUT_OF_MEMORY",
      during: "UNAVAILABLE",
      ids: ["before", "after"],
    });
  });

  it("does not keep the process alive, but for commits that are under way", async () => {
    const file = temporaryFile();
    const { stdout } = await runProgram([leaveHubOpen, file]);
    expect(stdout).toBe("left\n");
    const { hub } = await open(file);
    expect(hub.stats().liveInstances).toBe(2);
  });

  it("has nothing of the flags that the process was started with", async () => {
    const preload = `data:text/javascript,import{isMainThread as m}from"node:worker_threads";console.log(m)`;
    const { stdout } = await runProgram(["--import", preload, leaveHubOpen, temporaryFile()]);
    expect(stdout).toBe("true\nleft\n");
  });

  it("is done without where it cannot start, and the log says what to do", async () => {
    // Without --allow-worker no thread starts.
    const flags = ["--permission", "--allow-fs-read=*", "--allow-fs-write=*"];
    const { stdout, stderr } = await runProgram([...flags, leaveHubOpen, temporaryFile()]);
    expect(stdout).toBe("left\n");
    for (const text of ["hub.thread-missing", "out of the bundle", "thread: false"]) {
      expect(stderr).toContain(text);
    }
  });
});
