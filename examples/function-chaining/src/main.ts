// Function chaining: a sequence of steps, where each takes what the one before it gave.
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defineActivity,
  defineOrchestrator,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

// Whatever touches the world outside is an activity. It may fail, take long, and be tried again.
const readSensor = defineActivity("readSensor", async (_, sensor: string) => {
  console.log(`reading ${sensor}`);
  return { sensor, fahrenheit: 66.2 };
});

const toCelsius = defineActivity("toCelsius", async (_, fahrenheit: number) => {
  console.log(`converting ${fahrenheit} °F`);
  return ((fahrenheit - 32) * 5) / 9;
});

const publish = defineActivity("publish", async (_, text: string) => {
  console.log(`publishing "${text}"`);
  return `https://readings.example/${encodeURIComponent(text)}`;
});

// The orchestrator is the sequence itself. If the process dies between two steps, those that are done are not run
// again: their results come from the history. Types flow from the definitions: `reading` is known to have a number.
const reportTemperature = defineOrchestrator("reportTemperature", async (ctx, sensor: string) => {
  const reading = await ctx.callActivity(readSensor, sensor);
  const celsius = await ctx.callActivity(toCelsius, reading.fahrenheit);
  return await ctx.callActivity(publish, `${reading.sensor} ${celsius.toFixed(1)} °C`);
});

// A real program keeps its file; this one tidies up. `await using` closes in reverse order: worker, hub, folder.
await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
await using hub = await openTaskHub(join(folder.path, "tasks.db"));
await using worker = new TaskHubWorker(hub).register(
  readSensor,
  toCelsius,
  publish,
  reportTemperature,
);
await worker.start();

const client = new TaskHubClient(hub);
const id = await client.scheduleNewOrchestration(reportTemperature, "greenhouse");
const { output } = await client.waitForOrchestrationCompletion(id);
console.log(`published at ${output}`);
