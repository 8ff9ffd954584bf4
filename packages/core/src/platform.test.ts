import type { HistoryEvent } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { completed, started } from "../test/rig.ts";
import { settle } from "../test/scripted-hub.ts";
import { jsonConverter } from "./converter.ts";
import type { OrchestrationContext } from "./engine/context.ts";
import { Session } from "./engine/session.ts";
import { failureOf } from "./failure.ts";
import { enginePlatform, sessionScope } from "./platform.ts";
import { taskLoggers } from "./task-logger.ts";

describe("code that moves by promises", () => {
  it("has settled once none of its microtasks is left, wherever it began and whoever else waits", async () => {
    const { whenSettled } = enginePlatform();
    const log: string[] = [];
    const begin = (name: string): void => {
      const move = async (): Promise<void> => {
        for (let hops = 0; hops < 5; hops += 1) await Promise.resolve();
        log.push(`${name} is blocked`);
      };
      void move();
      whenSettled(() => log.push(`${name} has settled`));
    };
    await Promise.resolve();
    // Runs after the hop of the first two, just before their tick.
    process.nextTick(begin, "late");
    begin("first");
    begin("second");
    setImmediate(begin, "immediate");
    await settle();
    expect(log).toEqual([
      "first is blocked",
      "second is blocked",
      "first has settled",
      "second has settled",
      "late is blocked",
      "late has settled",
      "immediate is blocked",
      "immediate has settled",
    ]);
  });
});

describe("the scope of orchestrations", () => {
  const event = (eventType: HistoryEvent["eventType"]): HistoryEvent => ({
    $typeName: "HistoryEvent",
    eventId: -1,
    eventType,
  });
  const stores: unknown[] = [];
  const look = (): void => void stores.push(sessionScope.getStore());

  it.each<[string, (ctx: OrchestrationContext) => unknown]>([
    [
      "an async function",
      async (ctx) => {
        look();
        await ctx.callActivity("a");
        look();
      },
    ],
    [
      "a generator",
      function* (ctx) {
        look();
        yield* ctx.callActivity("a");
        look();
      },
    ],
  ])("holds what %s does, and not what is done with its turns", async (_, run) => {
    stores.length = 0;
    const options = {
      converter: jsonConverter,
      maximumTimerIntervalMs: 1e9,
      maximumActions: 100,
      onNonDeterminism: "fail",
      failureOf: (thrown: unknown) => failureOf(thrown),
      createLogger: taskLoggers({}, () => ({})),
      warn: () => {},
      ...enginePlatform(),
    } as const;
    const session = new Session({ run }, options);
    session.run([], [event(started({}))], { ended: look, failed: look });
    await settle();
    session.run([], [event(completed(1))], { ended: look, failed: look });
    await settle();
    expect(stores).toEqual([{}, undefined, {}, undefined]);
  });
});
