import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createMemoryStore } from "@durabletask/backend";
import type {
  Middleware,
  OrchestrationContext,
  PayloadConverter,
  Registrable,
  Transport,
} from "@durabletask/core";
import {
  defineActivity,
  defineOrchestrator,
  register,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { awaitAction } from "@durabletask/core/spi";
import type { WorkItem } from "@durabletask/protobuf";
import { TaskHubSidecarService } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { World } from "./scenarios/world.ts";

const setting = { name: "memory", createStore: createMemoryStore, worker: {} };

describe("middleware", () => {
  const double = defineActivity("double", (_ctx, n: number) => n * 2);
  const async = defineOrchestrator("async", async (ctx, n: number) => ctx.callActivity(double, n));
  const generator = defineOrchestrator("generator", function* (ctx, n: number) {
    const once = yield* ctx.callActivity(double, n);
    return yield* ctx.callActivity(double, once);
  });

  function tracing(lines: string[], label: string): Middleware {
    return {
      orchestration: async (ctx, input, next) => {
        if (!ctx.isReplaying) lines.push(`${label} in ${ctx.name} ${String(input)}`);
        const output = await next(input);
        lines.push(`${label} out ${ctx.name} ${String(output)}`);
        return output;
      },
      activity: async (ctx, input, next) => {
        lines.push(`${label} activity ${ctx.name} ${String(input)}`);
        return await next(input);
      },
    };
  }

  it("runs around orchestrations and activities, the first one outermost", async () => {
    const world = await World.open(setting);
    const lines: string[] = [];
    const worker = new TaskHubWorker(world.hub, { clock: world.clock });
    worker.use(tracing(lines, "a")).use(tracing(lines, "b")).register(double, async);
    await worker.start();
    const id = await world.client.scheduleNewOrchestration(async, 3);
    expect((await world.end(id)).output).toBe(6);
    expect(lines).toEqual([
      "a in async 3",
      "b in async 3",
      "a activity double 3",
      "b activity double 3",
      "b out async 6",
      "a out async 6",
    ]);
    await worker.stop();
  });

  it.each([{}, { sessions: false as const }])(
    "changes inputs and outputs of generators too (%j)",
    async (options) => {
      const world = await World.open(setting);
      const worker = new TaskHubWorker(world.hub, { clock: world.clock, ...options });
      worker.use({
        orchestration: async (_ctx, input, next) => `${String(await next(Number(input) + 1))}!`,
      });
      await worker.register(double, generator).start();
      const id = await world.client.scheduleNewOrchestration(generator, 1);
      expect((await world.end(id)).output).toBe("8!");
      await worker.stop();
    },
  );

  it("may wait for what is durable, retry what is inside, and keep what it throws", async () => {
    const world = await World.open(setting);
    const worker = new TaskHubWorker(world.hub, { clock: world.clock });
    let tries = 0;
    const fails = defineOrchestrator("fails", async () => {
      tries += 1;
      throw new Error(`try ${tries}`);
    });
    worker.use({
      orchestration: async (ctx, input, next) => {
        await ctx.createTimer({ hours: 1 });
        return await next(input);
      },
    });
    await worker.register(fails).start();
    const id = await world.client.scheduleNewOrchestration(fails);
    expect((await world.end(id)).failure?.errorMessage).toMatch(/^try /u);
    await worker.stop();
  });
});

describe("awaiting any action", () => {
  /** A timer, made by an extension that knows only the wire. */
  async function nap(ctx: OrchestrationContext, ms: number): Promise<string> {
    const fireAt = timestampFromMs(ctx.currentUtcDateTime.getTime() + ms);
    const event = await awaitAction(
      ctx,
      { case: "createTimer", value: { $typeName: "CreateTimerAction", fireAt } },
      ({ eventType }, id) => eventType.case === "timerFired" && eventType.value.timerId === id,
    );
    return event.eventType.case ?? "nothing";
  }

  it.each([{}, { sessions: false as const }])(
    "ends with the event that the extension names (%j)",
    async (options) => {
      const world = await World.open(setting);
      const naps = defineOrchestrator("naps", async (ctx) => {
        const before = ctx.currentUtcDateTime.getTime();
        const events = await Promise.all([nap(ctx, 2000), nap(ctx, 1000)]);
        return [...events, ctx.currentUtcDateTime.getTime() - before];
      });
      await world.work([naps], options);
      const id = await world.client.scheduleNewOrchestration(naps);
      expect((await world.end(id)).output).toEqual(["timerFired", "timerFired", 2000]);
    },
  );
});

describe("work-item handlers", () => {
  /** A hub that has one entity to run, whatever else it has. */
  function withEntity(inner: Transport, entity: WorkItem): Transport {
    return {
      unary: (method, request, options) => inner.unary(method, request, options),
      async *stream(method, request, options) {
        if (method.name === TaskHubSidecarService.method.getWorkItems.name) {
          // The one message of this method's type that the test makes.
          yield entity as never;
        }
        yield* inner.stream(method, request, options);
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  it("run kinds of work that the worker itself does not know", async () => {
    const world = await World.open(setting);
    const handled: string[] = [];
    const entities: Registrable = {
      [register]: (registry) =>
        registry.addWorkItemHandler("entityRequestV2", () => ({
          concurrency: 5,
          run: async (running) => {
            const { request } = running.item;
            if (request.case === "entityRequestV2") handled.push(request.value.instanceId);
            running.codeEnded();
            running.ended();
          },
          abandon: async () => {},
        })),
    };
    const item: WorkItem = {
      $typeName: "WorkItem",
      completionToken: "t",
      request: {
        case: "entityRequestV2",
        value: {
          $typeName: "EntityRequest",
          instanceId: "@counter@a",
          executionId: "",
          operationRequests: [],
        },
      },
    };
    const worker = new TaskHubWorker(withEntity(world.hub, item), { clock: world.clock });
    worker.register(entities);
    expect(() => worker.register(entities)).toThrow(/entityRequestV2/u);
    await worker.start();
    await world.idle();
    expect(handled).toEqual(["@counter@a"]);
    await worker.stop();
  });
});

const base64 = (payload: string): string => Buffer.from(payload).toString("base64");
const text = (payload: string): string => Buffer.from(payload, "base64").toString();

describe("a payload converter", () => {
  /** Writes every payload as base64: unreadable without it, as an encrypted one would be. */
  const encoded: PayloadConverter = {
    serialize: (value) => (value === undefined ? undefined : base64(JSON.stringify(value))),
    deserialize: (payload) => (payload === undefined ? undefined : JSON.parse(text(payload))),
  };

  it("carries inputs, outputs, events and custom status of worker and client", async () => {
    const world = await World.open(setting);
    const client = new TaskHubClient(world.hub, { clock: world.clock, converter: encoded });
    const greet = defineActivity("greet", (_ctx, name: string) => `Hello, ${name}!`);
    const main = defineOrchestrator("main", async (ctx, name: string) => {
      ctx.setCustomStatus("waiting");
      const title = await ctx.waitForExternalEvent<string>("title");
      return ctx.callActivity(greet, `${title} ${name}`);
    });
    await world.work([greet, main], { converter: encoded });
    const id = await client.scheduleNewOrchestration(main, "Ada");
    await client.raiseOrchestrationEvent(id, "title", "Countess");
    const state = await world.passUntil(client.waitForOrchestrationCompletion(id));
    expect([state.output, state.customStatus]).toEqual(["Hello, Countess Ada!", "waiting"]);
    const started = (await client.getOrchestrationHistory(id)).find(
      (e) => e.type === "executionStarted",
    );
    expect(started?.input).toBe(base64('"Ada"'));
  });
});

describe("a failure converter", () => {
  it("decides what goes over the wire of an error", async () => {
    const world = await World.open(setting);
    const leak = defineActivity("leak", () => {
      throw new Error("the password is 1234");
    });
    const main = defineOrchestrator("main", async (ctx) => ctx.callActivity(leak));
    await world.work([leak, main], {
      failureConverter: ({ errorType, isNonRetriable, innerFailure }) => ({
        errorType: `Shop.${errorType}`,
        errorMessage: "hidden",
        innerFailure: innerFailure && { ...innerFailure, stackTrace: undefined },
        isNonRetriable,
        properties: { isRedacted: true },
      }),
    });
    const id = await world.client.scheduleNewOrchestration(main);
    const { failure } = await world.end(id);
    expect(failure).toMatchObject({
      errorType: "Shop.TaskFailedError",
      errorMessage: "hidden",
      stackTrace: undefined,
      innerFailure: { errorType: "Shop.Error", errorMessage: "hidden" },
      properties: { isRedacted: true },
    });
    expect(JSON.stringify(await world.client.getOrchestrationHistoryAsJson(id))).not.toContain(
      "1234",
    );
  });
});

describe("inputs of activities in the form of .NET", () => {
  it("go out as the only element of an array, and come in so", async () => {
    const world = await World.open(setting);
    const list = defineActivity("list", (_ctx, items: number[]) => items.length);
    const none = defineActivity("none", (_ctx, input?: string) => input ?? "nothing");
    const main = defineOrchestrator("main", async (ctx) => [
      await ctx.callActivity(list, [1, 2]),
      await ctx.callActivity(list, []),
      await ctx.callActivity(none),
      await ctx.callActivity(none, "x"),
    ]);
    await world.work([list, none, main], { activityInputs: "dotnet" });
    const id = await world.client.scheduleNewOrchestration(main);
    expect((await world.end(id)).output).toEqual([2, 0, "nothing", "x"]);
    const history = await world.client.getOrchestrationHistory(id);
    const inputs = history.flatMap((event) => (event.type === "taskScheduled" ? event.input : []));
    expect(inputs).toEqual(["[[1,2]]", "[[]]", "[null]", '["x"]']);
  });
});
