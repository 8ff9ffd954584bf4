// Run by process-lifetime.test.ts: a client waits, without a worker in this process, until a timer outside raises an event.
import { openMemoryTaskHub } from "@durabletask/backend";
import { TaskHubClient } from "@durabletask/core";

await using hub = await openMemoryTaskHub();
const client = new TaskHubClient(hub);
const id = await client.scheduleNewOrchestration("nobody runs this");
setTimeout(() => void client.terminateOrchestration(id), 300).unref();
const { status } = await client.waitForOrchestrationCompletion(id);
console.log(status);
