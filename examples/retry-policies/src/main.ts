// Retry policies: what is tried again, how often and when; and what is not.
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defineActivity,
  defineOrchestrator,
  NonRetriableError,
  type Retry,
  TaskFailedError,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

class HttpError extends Error {
  override name = "HttpError";
  status = 0;
}

/** What the server answers, one time after the other. */
const answers = new Map([
  ["/busy", [503, 503, 200]],
  ["/down", [503, 503, 503, 503]],
  ["/gone", [404]],
  ["/secret", [401]],
]);

const get = defineActivity("get", async (_, path: string) => {
  const status = answers.get(path)?.shift() ?? 200;
  console.log(`  GET ${path} ${status}`);
  // Whoever throws may know that trying again is pointless, whatever the caller's policy says ...
  if (status === 401) throw new NonRetriableError("who are you?");
  if (status !== 200) throw Object.assign(new HttpError("no answer"), { status });
  return `hello from ${path}`;
});

const policy: Retry = {
  maxNumberOfAttempts: 3,
  firstRetryInterval: { milliseconds: 20 },
  backoffCoefficient: 2,
  // ... and the caller may know it, too: by the error's name, its message, and the facts that the worker adds below.
  handleFailure: (failure) => failure.properties?.["status"] !== 404,
};
/** A function can do what a policy cannot: `true` tries again at once, a duration after that long, `false` gives up. */
const handler: Retry = ({ lastAttemptNumber }) =>
  lastAttemptNumber < 4 && { milliseconds: 10 * lastAttemptNumber };

const fetchAll = defineOrchestrator("fetchAll", async (ctx, paths: string[]) => {
  const lines: string[] = [];
  for (const path of paths) {
    // The waits between attempts are durable timers: they may be days long.
    const retry = path === "/down" ? handler : policy;
    try {
      lines.push(await ctx.callActivity(get, path, { retry }));
    } catch (error) {
      if (!(error instanceof TaskFailedError)) throw error;
      const { errorType, properties = {} } = error.failure;
      lines.push(`${path}: ${errorType} ${JSON.stringify(properties)} (${error.task.attempts} x)`);
    }
  }
  return lines;
});

await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
await using hub = await openTaskHub(join(folder.path, "tasks.db"));
await using worker = new TaskHubWorker(hub, {
  failureProperties: (error) => (error instanceof HttpError ? { status: error.status } : undefined),
}).register(get, fetchAll);
await worker.start();

const client = new TaskHubClient(hub);
const id = await client.scheduleNewOrchestration(fetchAll, [...answers.keys()]);
for (const line of (await client.waitForOrchestrationCompletion(id)).output) console.log(line);
