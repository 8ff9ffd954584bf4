import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DemoProcess } from "./demo-process.ts";
import { whileRunning } from "./running-processes.ts";
import { ServerProcess } from "./server-process.ts";

const never = new Promise<void>(() => {});

it("does not wait for what cannot come once a worker has died", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
  using worker = new DemoProcess("served-worker.ts", ["http://127.0.0.1:1", folder.path], () => {});
  const waiting = whileRunning([worker], never);
  worker.kill();
  await expect(waiting).rejects.toThrow("served-worker.ts ended before it was told to");
}, 30_000);

it("does not wait for a server that has died, nor to stop it", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
  using server = await ServerProcess.start(join(folder.path, "hub.db"), 0);
  const waiting = whileRunning([server], never);
  await server.kill();
  await expect(waiting).rejects.toThrow("the server ended before it was told to");
  await expect(server.stop()).rejects.toThrow("SIGKILL");
}, 30_000);

it("gives what came while all were running", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
  using server = await ServerProcess.start(join(folder.path, "hub.db"), 0);
  expect(await whileRunning([server], Promise.resolve("it"))).toBe("it");
  await server.stop();
}, 30_000);
