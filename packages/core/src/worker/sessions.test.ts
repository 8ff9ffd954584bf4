import { describe, expect, it } from "vitest";
import { started } from "../../test/rig.ts";
import { jsonConverter } from "../converter.ts";
import type { OrchestrationContext } from "../engine/context.ts";
import { runEpisode } from "../engine/episode.ts";
import { Session } from "../engine/session.ts";
import { failureOf } from "../failure.ts";
import { enginePlatform } from "../platform.ts";
import { Sessions } from "./sessions.ts";
import { taskLoggers } from "../task-logger.ts";

/** A session that has seen about so many bytes of history. */
async function session(
  bytes: number,
  run: (ctx: OrchestrationContext) => unknown = async (ctx) => ctx.callActivity("a"),
): Promise<Session> {
  const made = new Session(
    { run },
    {
      converter: jsonConverter,
      maximumTimerIntervalMs: 1e9,
      maximumActions: 100,
      onNonDeterminism: "fail",
      ...enginePlatform(),
      failureOf: (thrown) => failureOf(thrown),
      createLogger: taskLoggers({}, () => ({})),
      warn: () => {},
    },
  );
  const start = started({ input: "x".repeat(Math.max(0, bytes - 202)) });
  const event = { $typeName: "HistoryEvent", eventId: -1, eventType: start } as const;
  await runEpisode(made, [], [event]);
  return made;
}

describe("sessions between their turns", () => {
  it("are found by the execution and the past that they have seen, once", async () => {
    const sessions = new Sessions(10, 1e6);
    const one = await session(500);
    sessions.put("a", { session: one, executionId: "e", mark: "m" });
    expect(sessions.take("a", "e", "m")).toBe(one);
    expect(sessions.take("a", "e", "m")).toBeUndefined();
    for (const [executionId, mark] of [
      ["other", "m"],
      ["e", "other"],
      [undefined, undefined],
    ]) {
      sessions.put("a", { session: one, executionId: "e", mark: "m" });
      expect(sessions.take("a", executionId, mark)).toBeUndefined();
    }
  });

  it("are forgotten least recently used first, by count", async () => {
    const sessions = new Sessions(2, 1e6);
    for (const id of ["a", "b", "a", "c"]) {
      sessions.put(id, { session: await session(500), executionId: "e", mark: "m" });
    }
    expect(sessions.take("b", "e", "m")).toBeUndefined();
    expect(sessions.take("a", "e", "m")).toBeDefined();
    expect(sessions.take("c", "e", "m")).toBeDefined();
  });

  it("are forgotten by the bytes of history that they have seen, also one that is too large alone", async () => {
    const sessions = new Sessions(100, 10_000);
    for (const id of ["a", "b", "c"]) {
      sessions.put(id, { session: await session(4000), executionId: "e", mark: "m" });
    }
    expect(sessions.take("a", "e", "m")).toBeUndefined();
    expect(sessions.take("b", "e", "m")).toBeDefined();
    sessions.put("large", { session: await session(50_000), executionId: "e", mark: "m" });
    expect(sessions.take("large", "e", "m")).toBeUndefined();
  });

  it("are dropped for a turn that failed, and not for the one after it", async () => {
    const sessions = new Sessions(10, 1e6);
    sessions.put("a", { session: await session(500), executionId: "e", mark: "second" });
    sessions.drop("a", "first");
    expect(sessions.take("a", "e", "second")).toBeDefined();
  });

  it("run no user code when they are forgotten (E13)", async () => {
    let finals = 0;
    const sessions = new Sessions(1, 1e6);
    const guarded = await session(500, function* (ctx: OrchestrationContext) {
      try {
        yield* ctx.callActivity("a");
      } finally {
        finals += 1;
      }
    });
    sessions.put("a", { session: guarded, executionId: "e", mark: "m" });
    sessions.put("b", { session: await session(500), executionId: "e", mark: "m" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(finals).toBe(0);
  });
});
