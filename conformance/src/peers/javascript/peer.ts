/**
 * The application that every peer brings, on Microsoft's SDK for JavaScript: `peer.ts worker ADDRESS ROLE` or
 * `peer.ts client ADDRESS`.
 */
import { createInterface } from "node:readline";
import {
  type ActivityContext,
  NoOpLogger,
  type OrchestrationContext,
  type OrchestrationState,
  RetryPolicy,
  type Task,
  TaskHubGrpcClient,
  TaskHubGrpcWorker,
  whenAll,
} from "@microsoft/durabletask-js";

const attempts = new Map<string, number>();

class PeerError extends Error {
  override name = "PeerError";
}

const activities = {
  Add: (_: ActivityContext, n: number) => n + 1,
  Upper: (_: ActivityContext, text: string) => text.toUpperCase(),
  Text: (_: ActivityContext, length: number) => "x".repeat(length),
  async Slow(_: ActivityContext, ms: number) {
    await new Promise((resolve) => void setTimeout(resolve, ms));
    return ms;
  },
  Fail(_: ActivityContext, message: string) {
    throw new PeerError(message);
  },
  Flaky(_: ActivityContext, { key, failures }: { key: string; failures: number }) {
    const attempt = (attempts.get(key) ?? 0) + 1;
    attempts.set(key, attempt);
    if (attempt <= failures) throw new PeerError("not yet");
    return attempt;
  },
};

type Steps<Out> = AsyncGenerator<Task<unknown>, Out, never>;

const orchestrators = {
  async *Chain(ctx: OrchestrationContext, n: number): Steps<number> {
    let value = n;
    for (let step = 0; step < 3; step += 1) value = yield ctx.callActivity("Add", value);
    return value;
  },
  async *FanOut(ctx: OrchestrationContext, n: number): Steps<number> {
    const tasks = Array.from({ length: n }, (_, i) => ctx.callActivity<number, number>("Add", i));
    const results: number[] = yield whenAll(tasks);
    return results.reduce((sum, value) => sum + value, 0);
  },
  async *Many(ctx: OrchestrationContext, n: number): Steps<number> {
    let done = 0;
    while (done < n) {
      const batch = Array.from({ length: 500 }, (_, i) => ctx.callActivity("Add", i));
      const results: unknown[] = yield whenAll(batch);
      done += results.length;
    }
    return done;
  },
  async *Timer(ctx: OrchestrationContext, ms: number): Steps<boolean> {
    const begun = ctx.currentUtcDateTime.getTime();
    yield ctx.createTimer(ms / 1000);
    return ctx.currentUtcDateTime.getTime() - begun >= ms;
  },
  async *Event(ctx: OrchestrationContext, name: string): Steps<unknown> {
    ctx.setCustomStatus("waiting");
    const data: unknown = yield ctx.waitForExternalEvent(name);
    return data;
  },
  async *Parent(ctx: OrchestrationContext, n: number): Steps<number> {
    const value: number = yield ctx.callSubOrchestrator("Chain", n);
    return 2 * value;
  },
  async *Retry(ctx: OrchestrationContext, failures: number): Steps<unknown> {
    const retry = new RetryPolicy({
      maxNumberOfAttempts: 5,
      firstRetryIntervalInMilliseconds: 100,
    });
    const call = { key: ctx.instanceId, failures };
    const result: unknown = yield ctx.callActivity("Flaky", call, { retry });
    return result;
  },
  async *Generations(ctx: OrchestrationContext, n: number): Steps<string | undefined> {
    yield ctx.callActivity("Add", n);
    if (n === 0) return "done";
    ctx.continueAsNew(n - 1, true);
    return undefined;
  },
  async *Failing(ctx: OrchestrationContext, message: string): Steps<void> {
    yield ctx.callActivity("Fail", message);
  },
  async *Payload(ctx: OrchestrationContext, length: number): Steps<unknown> {
    const text: string = yield ctx.callActivity("Text", length);
    const result: unknown = yield ctx.callActivity("Upper", text);
    return result;
  },
  async *History(ctx: OrchestrationContext, n: number): Steps<number> {
    let length = 0;
    for (let i = 0; i < n; i += 1) {
      const text: string = yield ctx.callActivity("Text", 512 * 1024);
      length += text.length;
    }
    return length;
  },
  async *SlowChain(ctx: OrchestrationContext, n: number): Steps<number> {
    for (let i = 0; i < n; i += 1) yield ctx.callActivity("Slow", 20);
    return n;
  },
  async Version(ctx: OrchestrationContext): Promise<string> {
    return ctx.version;
  },
  async *Call(
    ctx: OrchestrationContext,
    { name, input }: { name: string; input: unknown },
  ): Steps<unknown> {
    const result: unknown = yield ctx.callActivity(name, input);
    return result;
  },
};

async function runWorker(hostAddress: string, role: string): Promise<void> {
  const worker = new TaskHubGrpcWorker({
    hostAddress,
    logger: new NoOpLogger(),
    ...(role === "all" ? {} : { workItemFilters: "auto" }),
  });
  if (role !== "activities") {
    for (const [name, run] of Object.entries(orchestrators)) {
      worker.addNamedOrchestrator(name, run);
    }
  }
  if (role !== "orchestrators") {
    for (const [name, run] of Object.entries(activities)) worker.addNamedActivity(name, run);
  }
  await worker.start();
  console.log("ready");
  process.stdin.on("end", () => void worker.stop().then(() => process.exit())).resume();
}

interface Command {
  readonly op: string;
  readonly id: string;
  readonly name: string;
  readonly input?: unknown;
  readonly version?: string;
  readonly delayMs?: number;
  readonly event: string;
  readonly data?: unknown;
  readonly output?: unknown;
}

function described(state: OrchestrationState | undefined): unknown {
  if (state === undefined) return null;
  const { failureDetails: failure } = state;
  return {
    status: statuses[state.runtimeStatus],
    output: state.serializedOutput ?? null,
    customStatus: state.serializedCustomStatus ?? null,
    failure: failure ? { type: failure.errorType, message: failure.message } : null,
  };
}

/** By their numbers on the wire. */
const statuses: Readonly<Record<number, string>> = {
  0: "RUNNING",
  1: "COMPLETED",
  3: "FAILED",
  5: "TERMINATED",
  6: "PENDING",
  7: "SUSPENDED",
};

async function runClient(hostAddress: string): Promise<void> {
  const client = new TaskHubGrpcClient({ hostAddress, logger: new NoOpLogger() });
  const operations: Readonly<Record<string, (command: Command) => Promise<unknown>>> = {
    schedule: ({ name, input, id, version, delayMs }) =>
      client.scheduleNewOrchestration(name, input, {
        ...(id ? { instanceId: id } : {}),
        ...(version ? { version } : {}),
        ...(delayMs ? { startAt: new Date(Date.now() + delayMs) } : {}),
      }),
    state: async ({ id }) => described(await client.getOrchestrationState(id)),
    wait: async ({ id }) => described(await client.waitForOrchestrationCompletion(id, true, 60)),
    raise: ({ id, event, data }) => client.raiseOrchestrationEvent(id, event, data),
    suspend: ({ id }) => client.suspendOrchestration(id),
    resume: ({ id }) => client.resumeOrchestration(id),
    terminate: ({ id, output }) => client.terminateOrchestration(id, output),
    purge: async ({ id }) => (await client.purgeOrchestration(id))?.deletedInstanceCount,
  };
  console.log("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line) as Command;
    try {
      const result = await operations[command.op]?.(command);
      console.log(JSON.stringify({ result: result ?? null }));
    } catch (error) {
      console.log(JSON.stringify({ error: String(error) }));
    }
  }
}

const [mode, address = "", role = "all"] = process.argv.slice(2);
await (mode === "worker" ? runWorker(address, role) : runClient(address));
