import { create } from "@bufbuild/protobuf";
import { CreateInstanceRequestSchema, HistoryChunkSchema } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { ScriptedHub, ScriptedStream, settle } from "../test/scripted-hub.ts";
import { TaskHubError, type TaskHubErrorCode } from "./errors.ts";
import { withRetries } from "./retrying-transport.ts";
import { createTaskHubService } from "./task-hub-service.ts";
import { VirtualClock } from "./virtual-clock.ts";

const down =
  (code: TaskHubErrorCode = "UNAVAILABLE") =>
  (): never => {
    throw new TaskHubError(code, "the test says so");
  };

/** Time passes whenever nothing else can happen. */
async function pass<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  promise.then(over, over);
  for (await settle(); !isOver; await settle()) clock.advanceToNext();
  return await promise;
}

describe("withRetries", () => {
  it("gives a transport that a wrapper may copy", async () => {
    const hub = new ScriptedHub();
    const service = createTaskHubService({ ...withRetries(hub) });
    await service.getInstance({});
    service.getWorkItems({});
    expect(hub.calls).toHaveLength(2);
  });

  it.each([
    ["between two tries", true],
    ["during a try", false],
  ])("gives up at once when it is closed %s", async (_, isPausing) => {
    const clock = new VirtualClock();
    const closed = Promise.withResolvers<never>();
    const hub = new ScriptedHub().answer("getInstance", (_request, _options, nth) =>
      isPausing && nth === 0 ? down()() : closed.promise,
    );
    const transport = withRetries(hub, { clock, random: () => 0.5 });
    const call = createTaskHubService(transport).getInstance({});
    const failed = expect(call).rejects.toMatchObject({ code: "CANCELLED" });
    await settle();
    await transport[Symbol.asyncDispose]();
    closed.reject(new TaskHubError("CANCELLED", "the transport is closed"));
    // No time passes.
    await failed;
    expect(hub.calls).toHaveLength(isPausing ? 2 : 1);
  });

  it.each([
    "getInstance",
    "queryInstances",
    "listInstanceIds",
    "waitForInstanceStart",
    "waitForInstanceCompletion",
    "suspendInstance",
    "resumeInstance",
    "terminateInstance",
    "purgeInstances",
    "signalEntity",
    "abandonTaskActivityWorkItem",
    "abandonTaskOrchestratorWorkItem",
    "abandonTaskEntityWorkItem",
  ] as const)("repeats %s while the hub cannot be reached", async (method) => {
    const clock = new VirtualClock();
    const hub = new ScriptedHub().answer(method, (_request, _options, nth) =>
      nth < 3 ? down()() : {},
    );
    const service = createTaskHubService(withRetries(hub, { clock, random: () => 0.5 }));
    const before = clock.now();
    await pass<unknown>(clock, service[method]({}));
    expect(hub.calls).toHaveLength(4);
    expect(clock.now() - before).toBe(50 + 100 + 200);
  });

  it.each([
    "raiseEvent",
    "startInstance",
    "restartInstance",
    "rewindInstance",
    "completeActivityTask",
    "completeOrchestratorTask",
    "createTaskHub",
    "deleteTaskHub",
    "hello",
  ] as const)("calls %s once", async (method) => {
    const hub = new ScriptedHub().answer(method, down());
    const service = createTaskHubService(withRetries(hub, { clock: new VirtualClock() }));
    await expect(service[method]({})).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(hub.calls).toHaveLength(1);
  });

  it("repeats a start where the hub is known to recognise its execution id", async () => {
    const clock = new VirtualClock();
    const hub = new ScriptedHub().answer("startInstance", (_request, _options, nth) =>
      nth < 1 ? down()() : {},
    );
    const service = createTaskHubService(withRetries(hub, { clock, recognisesStarts: true }));
    const start = create(CreateInstanceRequestSchema, { instanceId: "a", executionId: "e" });
    await pass(clock, service.startInstance(start));
    expect(hub.requests("startInstance")).toEqual([start, start]);
    hub.answer("startInstance", down());
    await expect(service.startInstance({ instanceId: "a" })).rejects.toThrow("UNAVAILABLE");
    expect(hub.calls).toHaveLength(3);
  });

  it("does not repeat what the hub has refused", async () => {
    const hub = new ScriptedHub().answer("getInstance", down("NOT_FOUND"));
    const service = createTaskHubService(withRetries(hub));
    await expect(service.getInstance({})).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(hub.calls).toHaveLength(1);
  });

  it("repeats a call that was cancelled elsewhere, as by a reset of the connection", async () => {
    const clock = new VirtualClock();
    const hub = new ScriptedHub().answer("getInstance", (_request, _options, nth) =>
      nth < 1 ? down("CANCELLED")() : {},
    );
    await pass(clock, createTaskHubService(withRetries(hub, { clock })).getInstance({}));
    expect(hub.calls).toHaveLength(2);
  });

  it("keeps to the time limit of the call, and fails as the last try did", async () => {
    const clock = new VirtualClock();
    const hub = new ScriptedHub().answer("getInstance", down());
    const service = createTaskHubService(withRetries(hub, { clock, random: () => 1 }));
    const before = clock.now();
    await expect(pass(clock, service.getInstance({}, { timeoutMs: 2000 }))).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    expect(clock.now() - before).toBe(100 + 200 + 400 + 800);
    expect(hub.calls.map(({ options }) => options.timeoutMs)).toEqual([
      2000, 1900, 1700, 1300, 500,
    ]);
  });

  it("gives up after its patience where the call has no limit", async () => {
    const clock = new VirtualClock();
    const hub = new ScriptedHub().answer("getInstance", down());
    const transport = withRetries(hub, { clock, patience: { minutes: 2 } });
    const before = clock.now();
    await expect(pass(clock, createTaskHubService(transport).getInstance({}))).rejects.toThrow(
      "UNAVAILABLE",
    );
    expect(clock.now() - before).toBeGreaterThan(100_000);
    expect(clock.now() - before).toBeLessThan(120_000);
  });

  it("ends at once when the caller gives up", async () => {
    const clock = new VirtualClock();
    const hub = new ScriptedHub().answer("getInstance", down());
    const caller = new AbortController();
    const service = createTaskHubService(withRetries(hub, { clock }));
    const call = service.getInstance({}, { signal: caller.signal });
    await settle();
    caller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    expect(clock.next).toBeUndefined();
  });

  it("reads a history again if nothing of it had come, and fails if something had", async () => {
    const clock = new VirtualClock();
    const hub = new ScriptedHub().answer("streamInstanceHistory", (_request, _options, nth) => {
      const stream = new ScriptedStream();
      if (nth > 0) stream.push(create(HistoryChunkSchema, {}));
      if (nth < 2) stream.fail(new TaskHubError("UNAVAILABLE", "gone"));
      else stream.end();
      return stream;
    });
    const service = createTaskHubService(withRetries(hub, { clock }));
    const read = async (): Promise<number> => {
      const chunks: unknown[] = [];
      for await (const chunk of service.streamInstanceHistory({})) chunks.push(chunk);
      return chunks.length;
    };
    await expect(pass(clock, read())).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(hub.calls).toHaveLength(2);
    expect(await read()).toBe(1);
  });

  it("leaves the stream of work alone: the worker opens another", async () => {
    const hub = new ScriptedHub();
    const service = createTaskHubService(withRetries(hub));
    const stream = service.getWorkItems({})[Symbol.asyncIterator]();
    const next = stream.next();
    hub.workStream.fail(new TaskHubError("UNAVAILABLE", "gone"));
    await expect(next).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(hub.calls).toHaveLength(1);
  });
});
