// Runs with all threads that the packages start by the names of their files: run by check-consumer.ts. Prints what is warned of, such
// as a thread that is missing, and how it went.
import { defineOrchestrator, type Logger, TaskHubClient, TaskHubWorker } from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const logger: Logger = { warn: (fields, message) => console.log(fields["event"], message) };
const answer = defineOrchestrator("answer", async () => 42);

const file = join(mkdtempSync(join(import.meta.dirname, "hub-")), "tasks.db");
await using transport = await openTaskHub(file, { logger });
await using worker = new TaskHubWorker(transport, { logger, watchdog: { hours: 1 } });
await worker.register(answer).start();

const client = new TaskHubClient(transport);
const id = await client.scheduleNewOrchestration(answer);
const { output } = await client.waitForOrchestrationCompletion(id);
// A file that is not there is told of a little later.
await sleep(500);
console.log(output);
