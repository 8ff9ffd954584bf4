import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageShape,
} from "@bufbuild/protobuf";
import type { ActivityContext, CallOptions, Transport } from "@durabletask/core";
import {
  defineActivity,
  defineOrchestrator,
  DuplicateRegistrationError,
  TaskHubError,
  TaskHubWorker,
} from "@durabletask/core";
import { expect, it } from "vitest";
import { type Setting, World } from "./world.ts";

/** A transport that fails calls of one method as often as it is told, and counts them. */
class FailingTransport implements Transport {
  readonly #inner: Transport;
  readonly #method: string;
  readonly #error: () => unknown;
  failures: number;
  calls = 0;

  constructor(inner: Transport, method: string, failures: number, error: () => unknown) {
    this.#inner = inner;
    this.#method = method;
    this.failures = failures;
    this.#error = error;
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): Promise<MessageShape<O>> {
    if (method.localName === this.#method) {
      this.calls += 1;
      if (this.failures > 0) {
        this.failures -= 1;
        throw this.#error();
      }
    }
    return await this.#inner.unary(method, request, options);
  }

  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): AsyncIterable<MessageShape<O>> {
    return this.#inner.stream(method, request, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** A connection to a hub that can be cut, and mended. */
class Connection implements Transport {
  readonly #hub: Transport;
  #streams = new AbortController();
  #isCut = false;

  constructor(hub: Transport) {
    this.#hub = hub;
  }

  cut(): void {
    this.#isCut = true;
    this.#streams.abort(unavailable());
  }

  mend(): void {
    this.#isCut = false;
    this.#streams = new AbortController();
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): Promise<MessageShape<O>> {
    if (this.#isCut) throw unavailable();
    return await this.#hub.unary(method, request, options);
  }

  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    options: CallOptions = {},
  ): AsyncIterable<MessageShape<O>> {
    const signals = [this.#streams.signal, ...(options.signal ? [options.signal] : [])];
    return this.#hub.stream(method, request, { ...options, signal: AbortSignal.any(signals) });
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const unavailable = (): TaskHubError => new TaskHubError("UNAVAILABLE", "the test says so");

/** What whoever runs a worker can rely on. */
export function describeWorker(setting: Setting): void {
  const call = defineOrchestrator("call", async (ctx, activity: string) => {
    try {
      return await ctx.callActivity<string>(activity);
    } catch (error) {
      return error instanceof Error && error.cause instanceof Error ? error.cause.name : "failed";
    }
  });

  it("tells an activity everything about its call", async () => {
    const world = await World.open(setting);
    let seen: ActivityContext | undefined;
    const look = defineActivity("look", (ctx) => {
      seen = ctx;
      return "seen";
    });
    const parent = defineOrchestrator("parent", async (ctx) => {
      await ctx.createTimer({ seconds: 1 });
      return ctx.callActivity(look, undefined, { version: "3", tags: { a: "b" } });
    });
    await world.work([look, parent]);
    const id = await world.client.scheduleNewOrchestration(parent);
    await world.end(id);
    expect(seen).toMatchObject({ name: "look", instanceId: id, taskId: 2, version: "3" });
    expect({ ...seen?.tags }).toEqual({ a: "b" });
    expect(seen?.signal.aborted).toBe(false);
  });

  it("fails calls of names that nobody registered, without a retry", async () => {
    const world = await World.open(setting);
    await world.work([call]);
    const id = await world.client.scheduleNewOrchestration(call, "typo");
    expect((await world.end(id)).output).toBe("ActivityTaskNotFound");
    const unknown = await world.client.scheduleNewOrchestration("nobody");
    expect((await world.end(unknown)).failure).toMatchObject({
      errorType: "OrchestratorTaskNotFound",
      isNonRetriable: true,
    });
  });

  it("refuses two definitions under one name, anonymous functions, and changes while it runs", async () => {
    const world = await World.open(setting);
    const worker = new TaskHubWorker(world.hub);
    worker.register(call);
    expect(() => worker.register(call)).toThrow(DuplicateRegistrationError);
    expect(() => worker.addActivity(() => 1)).toThrow(/name/u);
    expect(() => worker.addOrchestrator(async function* () {})).toThrow(/name/u);
    await worker.start();
    expect(() => worker.addNamedActivity("late", () => 1)).toThrow(/WORKER_RUNNING/u);
    await expect(worker.start()).rejects.toMatchObject({ code: "WORKER_RUNNING" });
    await worker.stop();
    await worker.stop();
  });

  it("takes plain named functions", async () => {
    const world = await World.open(setting);
    async function greet(_ctx: ActivityContext, name: string): Promise<string> {
      return `Hello, ${name}!`;
    }
    const worker = new TaskHubWorker(world.hub, { clock: world.clock, ...setting.worker });
    const main = defineOrchestrator("main", async (ctx) => ctx.callActivity(greet, "Ada"));
    await worker.addActivity(greet).register(main).start();
    const id = await world.client.scheduleNewOrchestration(main);
    expect((await world.end(id)).output).toBe("Hello, Ada!");
    await worker.stop();
  });

  it("runs no more activities at a time than it may, whatever the hub sends", async () => {
    const world = await World.open(setting);
    let running = 0;
    let most = 0;
    const busy = defineActivity("busy", async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    });
    const many = defineOrchestrator("many", async (ctx) => {
      await Promise.all(Array.from({ length: 50 }, () => ctx.callActivity(busy)));
      return "done";
    });
    await world.work([busy, many], { concurrency: { activities: 3 } }, withoutLimits(world.hub));
    const id = await world.client.scheduleNewOrchestration(many);
    expect((await world.end(id)).output).toBe("done");
    expect(most).toBe(3);
  });

  it("lets work come to its end when it stops, and can be started again", async () => {
    const world = await World.open(setting);
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    const slow = defineActivity("slow", async (ctx) => {
      runs += 1;
      await gate.promise;
      return `aborted: ${ctx.signal.aborted}`;
    });
    const worker = await world.work([slow, call]);
    const id = await world.client.scheduleNewOrchestration(call, "slow");
    await world.idle();
    const stopped = worker.stop();
    await world.idle();
    gate.resolve();
    await stopped;
    await worker.start();
    expect((await world.end(id)).output).toBe("aborted: true");
    expect(runs).toBe(1);
  });

  it("hands back what has not ended in time, and what fails because it was told to stop", async () => {
    const world = await World.open(setting);
    const runs: string[] = [];
    const never = defineActivity("never", async (ctx) => {
      runs.push("never");
      return runs.length < 3 ? await new Promise<string>(() => {}) : `run ${ctx.taskId}`;
    });
    const obedient = defineActivity("obedient", async ({ signal }) => {
      runs.push("obedient");
      if (runs.length > 2) return "second run";
      return await new Promise<string>((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("interrupted")));
      });
    });
    const first = await world.work([never, obedient, call], { shutdownTimeout: { seconds: 5 } });
    const a = await world.client.scheduleNewOrchestration(call, "never");
    const b = await world.client.scheduleNewOrchestration(call, "obedient");
    await world.idle();
    expect(runs.toSorted()).toEqual(["never", "obedient"]);
    await world.passUntil(first.stop());
    await world.work([never, obedient, call]);
    expect((await world.end(a)).output).toBe("run 1");
    expect((await world.end(b)).output).toBe("second run");
  });

  it("delivers a completion again until it is accepted", async () => {
    const world = await World.open(setting);
    const quick = defineActivity("quick", () => "done");
    const transport = new FailingTransport(world.hub, "completeActivityTask", 5, unavailable);
    await world.work([quick, call], {}, transport);
    const id = await world.client.scheduleNewOrchestration(call, "quick");
    const before = world.clock.now();
    expect((await world.end(id)).output).toBe("done");
    expect(transport.calls).toBe(6);
    expect(world.clock.now() - before).toBe(200 + 400 + 800 + 1600 + 3200);
  });

  it("hands the work back after ten tries, and at once if trying again is no use", async () => {
    for (const [error, calls] of [
      [unavailable, 10],
      [() => new TaskHubError("INVALID_ARGUMENT", "too large"), 1],
    ] as const) {
      const world = await World.open(setting);
      let runs = 0;
      const quick = defineActivity("quick", () => {
        runs += 1;
        return `run ${runs}`;
      });
      const transport = new FailingTransport(world.hub, "completeActivityTask", calls, error);
      await world.work([quick, call], {}, transport);
      const id = await world.client.scheduleNewOrchestration(call, "quick");
      expect((await world.end(id)).output).toBe("run 2");
    }
  });

  it("drops its session when the completion of a turn was not acknowledged", async () => {
    const world = await World.open(setting);
    const quick = defineActivity("quick", () => "done");
    const three = defineOrchestrator("three", async (ctx) => {
      const results: string[] = [];
      for (let n = 0; n < 3; n += 1) results.push(await ctx.callActivity(quick));
      return results;
    });
    const refused = (): TaskHubError => new TaskHubError("INVALID_ARGUMENT", "no");
    const transport = new FailingTransport(world.hub, "completeOrchestratorTask", 2, refused);
    await world.work([quick, three], {}, transport);
    const id = await world.client.scheduleNewOrchestration(three);
    expect((await world.end(id)).output).toEqual(["done", "done", "done"]);
  });

  it("connects again when the stream is refused", async () => {
    const world = await World.open(setting);
    const quick = defineActivity("quick", () => "done");
    const transport = new FailingTransport(world.hub, "hello", 3, unavailable);
    await world.work([quick, call], {}, transport);
    const id = await world.client.scheduleNewOrchestration(call, "quick");
    expect((await world.end(id)).output).toBe("done");
    expect(world.warnings).toContain(
      "the hub was not reached or was lost; the worker connects again",
    );
  });

  it("finishes an activity over a lost connection, however long it takes, and runs it once", async () => {
    for (const outageMs of [1000, 60_000]) {
      const world = await World.open(setting);
      const gate = Promise.withResolvers<string>();
      let runs = 0;
      const slow = defineActivity("slow", async ({ signal }) => {
        runs += 1;
        return `${await gate.promise}, aborted: ${signal.aborted}`;
      });
      const connection = new Connection(world.hub);
      await world.work([slow, call], {}, connection);
      const id = await world.client.scheduleNewOrchestration(call, "slow");
      await world.idle();
      connection.cut();
      await world.pass(outageMs);
      connection.mend();
      // Long enough for the grace to end, and for the hub to hand the activity out again.
      await world.pass(60_000);
      expect(world.hub.stats().leasedActivities).toBe(1);
      gate.resolve("done");
      expect((await world.end(id)).output).toBe("done, aborted: false");
      expect(runs).toBe(1);
    }
  });

  it("asks for more in a turn than one message holds, and gets it whole", async () => {
    const world = await World.open(setting);
    const measure = defineActivity("measure", (_ctx, text: string) => text.length);
    const many = defineOrchestrator("many", async (ctx, sizes: number[]) => {
      const texts = sizes.map((size) => "x".repeat(size));
      return await Promise.all(texts.map((text) => ctx.callActivity(measure, text)));
    });
    const parts: unknown[] = [];
    const counting: Transport = {
      unary: async (method, request, options) => {
        if ("chunkIndex" in request) parts.push(request.chunkIndex);
        return await world.hub.unary(method, request, options);
      },
      stream: (method, request, options) => world.hub.stream(method, request, options),
      [Symbol.asyncDispose]: async () => {},
    };
    await world.work([measure, many], {}, counting);
    // Nine megabytes in three parts, of which the second is larger than a part may be.
    const sizes = [1_000_000, 2_000_000, 5_000_000, 1_000_000];
    const id = await world.client.scheduleNewOrchestration(many, sizes);
    expect((await world.end(id)).output).toEqual(sizes);
    expect(parts.filter((index) => index !== undefined)).toEqual([0, 1, 2]);
  });

  it("keeps its stream to a hub that has nothing to say for a day", async () => {
    const world = await World.open(setting);
    const quick = defineActivity("quick", () => "done");
    await world.work([quick, call]);
    await world.pass(86_400_000);
    expect(world.warnings).toEqual([]);
    const id = await world.client.scheduleNewOrchestration(call, "quick");
    expect((await world.end(id)).output).toBe("done");
  });

  it("starts once it is connected, if told to wait for that", async () => {
    const world = await World.open(setting);
    const connection = new Connection(world.hub);
    connection.cut();
    const worker = new TaskHubWorker(connection, { clock: world.clock, logger: {} });
    const hopeless = worker.start({ untilConnected: true, timeout: { seconds: 10 } });
    await expect(world.passUntil(hopeless)).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      cause: { code: "UNAVAILABLE" },
    });
    connection.mend();
    await world.passUntil(worker.start({ untilConnected: true, timeout: { seconds: 10 } }));
    expect(world.hub.stats().streams).toBe(1);
    await worker.stop();
  });

  it("shares the work of one hub with other workers", async () => {
    const world = await World.open(setting);
    const ran = new Set<string>();
    const on = (name: string) =>
      defineActivity("where", async () => {
        ran.add(name);
        await new Promise((resolve) => setImmediate(resolve));
        return name;
      });
    const many = defineOrchestrator("many", async (ctx) => {
      const tasks = Array.from({ length: 20 }, () => ctx.callActivity<string>("where"));
      return (await Promise.all(tasks)).length;
    });
    const concurrency = { activities: 2 };
    await world.work([on("a"), many], { concurrency });
    await world.work([on("b"), many], { concurrency });
    const id = await world.client.scheduleNewOrchestration(many);
    expect((await world.end(id)).output).toBe(20);
    expect([...ran].toSorted()).toEqual(["a", "b"]);
  });
}

/** A hub that ignores how much a worker can take. */
function withoutLimits(inner: Transport): Transport {
  return {
    unary: (method, request, options) => inner.unary(method, request, options),
    stream: (method, request, options) => {
      const unlimited = { ...request, maxConcurrentActivityWorkItems: 0 };
      return inner.stream(method, unlimited, options);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
