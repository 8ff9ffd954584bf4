// Fan-out/fan-in: start many activities at once, wait for all of them, and combine what they gave.
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defineActivity,
  defineOrchestrator,
  TaskHubClient,
  TaskHubWorker,
  whenAll,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

const chapters = [
  "It was the best of times, it was the worst of times.",
  "Call me Ishmael.",
  "All happy families are alike; each unhappy family is unhappy in its own way.",
  "The sky above the port was the colour of television, tuned to a dead channel.",
];

const listChapters = defineActivity("listChapters", async () => [...chapters.keys()]);

const countWords = defineActivity("countWords", async (ctx, chapter: number) => {
  // Activities run side by side, up to the worker's concurrency. This one fails the first time for chapter 2.
  if (chapter === 2 && failures++ === 0) throw new Error("the reader lost its place");
  const words = (chapters[chapter] ?? "").split(" ").length;
  console.log(`chapter ${chapter}: ${words} words (task ${ctx.taskId})`);
  return words;
});
let failures = 0;

const countAllWords = defineOrchestrator("countAllWords", async (ctx) => {
  const list = await ctx.callActivity(listChapters);
  // A task runs from the moment it is made. A retry policy belongs to the call: one bad chapter does not repeat the rest.
  const retry = { maxNumberOfAttempts: 3, firstRetryInterval: { milliseconds: 100 } };
  const counts = await whenAll(
    list.map((chapter) => ctx.callActivity(countWords, chapter, { retry })),
  );
  // Results come in the order of the tasks, whatever the order in which they ended.
  return { chapters: counts.length, words: counts.reduce((sum, count) => sum + count, 0) };
});

await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
await using hub = await openTaskHub(join(folder.path, "tasks.db"));
await using worker = new TaskHubWorker(hub).register(listChapters, countWords, countAllWords);
await worker.start();

const client = new TaskHubClient(hub);
const id = await client.scheduleNewOrchestration(countAllWords);
const { output } = await client.waitForOrchestrationCompletion(id);
console.log(`${output.words} words in ${output.chapters} chapters`);
