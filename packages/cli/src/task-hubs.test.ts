import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@durabletask/core";
import { expect, it, onTestFinished } from "vitest";
import { TaskHubs } from "./task-hubs.ts";

it("opens a hundred task hubs and no more; those that are open can still be reached", async () => {
  const hubs = new TaskHubs(undefined, silentLogger);
  onTestFinished(() => hubs.close());
  const first = await hubs.open("default");
  for (let n = 1; n < 100; n++) await hubs.open(`hub-${n}`);
  await expect(hubs.open("one-more")).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  expect(await hubs.open("Default")).toBe(first);
});

it("opens a file at the next call that could not be opened before", async () => {
  const root = mkdtempSync(join(tmpdir(), "durabletask-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  const folder = join(root, "later");
  const hubs = new TaskHubs(join(folder, "hub.db"), silentLogger);
  await expect(hubs.open("default")).rejects.toMatchObject({ code: "TASK_HUB_UNREACHABLE" });
  mkdirSync(folder);
  await hubs.open("default");
  await hubs.close();
});
