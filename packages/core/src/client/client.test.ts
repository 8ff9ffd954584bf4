import { OrchestrationStatus } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { ScriptedHub, settle } from "../../test/scripted-hub.ts";
import { TaskHubError } from "../errors.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { TaskHubClient } from "./client.ts";

const completed = {
  exists: true,
  orchestrationState: {
    instanceId: "i",
    name: "n",
    orchestrationStatus: OrchestrationStatus.COMPLETED,
    output: "1",
  },
};

const expired = (): never => {
  throw new TaskHubError("DEADLINE_EXCEEDED", "the poll is over");
};

it("names instance and execution of each start itself, so that a repeated one can be recognised", async () => {
  const hub = new ScriptedHub();
  const client = new TaskHubClient(hub);
  const ids = [
    await client.scheduleNewOrchestration("n"),
    await client.scheduleNewOrchestration("n"),
  ];
  const [first, second] = hub.requests("startInstance") as readonly Record<string, unknown>[];
  expect([first?.["instanceId"], second?.["instanceId"]]).toEqual(ids);
  for (const request of [first, second]) {
    expect(request?.["executionId"]).toMatch(/^[0-9a-f]{32}$/u);
  }
  expect(first?.["executionId"]).not.toBe(second?.["executionId"]);
});

it("waits by polls of 30 s, of which the last one ends with the wait", async () => {
  const clock = new VirtualClock();
  const hub = new ScriptedHub().answer("waitForInstanceCompletion", (_request, options) => {
    clock.advance(options.timeoutMs ?? 0);
    expired();
  });
  const client = new TaskHubClient(hub, { clock });
  await expect(
    client.waitForOrchestrationCompletion("i", { timeout: { seconds: 70 } }),
  ).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  expect(hub.calls.map(({ options }) => options.timeoutMs)).toEqual([30_000, 30_000, 10_000]);
});

it("polls for as long as it takes where no limit is given", async () => {
  const hub = new ScriptedHub().answer("waitForInstanceStart", (_request, _options, nth) =>
    nth < 100 ? expired() : completed,
  );
  const state = await new TaskHubClient(hub).waitForOrchestrationStart("i");
  expect(state.output).toBe(1);
  expect(new Set(hub.calls.map(({ options }) => options.timeoutMs))).toEqual(new Set([30_000]));
});

/** A hub of which the first polls end with nobody there, after so long. */
function hubAway(clock: VirtualClock, polls: number, afterMs: number): ScriptedHub {
  return new ScriptedHub().answer("waitForInstanceStart", (_request, _options, nth) => {
    if (nth >= polls) return completed;
    clock.advance(afterMs);
    throw new TaskHubError("UNAVAILABLE", "nobody is there");
  });
}

it("gives a hub that goes away shortly before the end of a poll the time of another one to come back", async () => {
  const clock = new VirtualClock();
  const hub = hubAway(clock, 1, 29_900);
  const state = await new TaskHubClient(hub, { clock }).waitForOrchestrationStart("i");
  expect(state.output).toBe(1);
});

it.each([
  ["has not come back by the end of another poll", 29_900, 2],
  ["was not there from the beginning", 10, 1],
])("waits no longer for a hub that %s", async (_, afterMs, polls) => {
  const clock = new VirtualClock();
  const hub = hubAway(clock, 99, afterMs);
  const wait = new TaskHubClient(hub, { clock }).waitForOrchestrationStart("i");
  await expect(wait).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(hub.calls).toHaveLength(polls);
});

it("waits no longer than its limit for a hub that is away", async () => {
  const clock = new VirtualClock();
  const timeout = { seconds: 20 };
  const hub = hubAway(clock, 99, 20_000);
  const wait = new TaskHubClient(hub, { clock }).waitForOrchestrationStart("i", { timeout });
  await expect(wait).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(hub.calls).toHaveLength(1);
});

it("gives states that are whole as JSON, and in copies but for their payloads", async () => {
  const hub = new ScriptedHub().answer("getInstance", () => ({
    exists: true,
    orchestrationState: {
      instanceId: "i",
      name: "n",
      orchestrationStatus: OrchestrationStatus.TERMINATED,
      input: "1",
      output: '"enough"',
    },
  }));
  const state = await new TaskHubClient(hub).getOrchestrationState("i");
  const copy = Object.assign({}, state);
  expect(copy).toMatchObject({ status: "TERMINATED", hasEnded: true });
  expect(copy).not.toHaveProperty("output");
  const json: unknown = JSON.parse(JSON.stringify(state));
  expect(json).toMatchObject({ hasEnded: true, input: 1, terminationOutput: "enough" });
  expect(json).not.toHaveProperty("output");
});

it("ends a poll when its signal is aborted", async () => {
  const hub = new ScriptedHub().answer(
    "waitForInstanceCompletion",
    (_request, { signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason));
      }),
  );
  const caller = new AbortController();
  const wait = new TaskHubClient(hub).waitForOrchestrationCompletion("i", {
    signal: caller.signal,
  });
  await settle();
  caller.abort(new Error("enough"));
  await expect(wait).rejects.toThrow("enough");
  expect(hub.calls).toHaveLength(1);
});
