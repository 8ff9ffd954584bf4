import { expect, it } from "vitest";
import { ScriptedHub } from "../test/scripted-hub.ts";
import { withDeadlines } from "./deadlines.ts";
import { createTaskHubService } from "./task-hub-service.ts";

it("limits every unary call that has no limit, except waits", async () => {
  const hub = new ScriptedHub();
  const service = createTaskHubService(withDeadlines(hub));
  const { signal } = new AbortController();
  await service.getInstance({}, { signal, headers: { taskhub: "a" } });
  await service.purgeInstances({});
  await service.waitForInstanceCompletion({});
  await service.waitForInstanceStart({}, { timeoutMs: 7 });
  await service.startInstance({}, { timeoutMs: 5 });
  service.getWorkItems({});
  expect(hub.calls.map(({ options }) => options.timeoutMs)).toEqual([
    30_000,
    300_000,
    undefined,
    7,
    5,
    undefined,
  ]);
  expect(hub.calls[0]?.options).toEqual({ signal, headers: { taskhub: "a" }, timeoutMs: 30_000 });
});

it("takes other limits", async () => {
  const hub = new ScriptedHub();
  const limits = { timeout: { seconds: 1 }, bulkTimeout: { seconds: 2 } };
  const service = createTaskHubService(withDeadlines(hub, limits));
  await service.raiseEvent({});
  await service.deleteTaskHub({});
  expect(hub.calls.map(({ options }) => options.timeoutMs)).toEqual([1000, 2000]);
});
