import type { Contender } from "../contender.ts";
import type { Figure, Part, Series } from "../part.ts";

const flags = ["--expose-gc"];
const inThread: Contender = {
  name: "ours, in a thread",
  program: "ours-store.ts",
  options: { thread: true },
};
const inline: Contender = {
  name: "ours, inline",
  program: "ours-store.ts",
  options: { thread: false },
};
const peer: Contender = {
  name: "@microsoft/durabletask-js 0.4.0, in memory",
  program: "peer-in-memory.ts",
};

const rate: Figure = {
  key: "orchestrationsPerSecond",
  heading: "orchestrations/s",
  better: "more",
};
const load: readonly Figure[] = [
  rate,
  { key: "cpuMicrosPerOrchestration", heading: "CPU µs each" },
  { key: "commitsEach", heading: "commits each", digits: 3 },
  { key: "millisecondsPerCommit", heading: "ms a commit", digits: 2 },
  { key: "delayP99", heading: "event-loop delay p99, ms", digits: 1 },
];
const latency: readonly Figure[] = [
  { key: "latencyP50", heading: "p50, ms", digits: 2, better: "less" },
  { key: "latencyP99", heading: "p99, ms", digits: 2 },
  { key: "commitsEach", heading: "commits each", digits: 2 },
];
const many = { orchestrations: 5_000, activities: 5, inFlight: 500 };

/** The SQLite store with full sync, in its thread and inline. */
export const store: Part = {
  name: "store",
  series: [
    {
      title: "5,000 orchestrations of 5 sequential activities, 500 in flight",
      work: many,
      contenders: [peer, inThread, inline],
      figures: load,
    },
    slow("the same, every commit 5 ms slower", { ...many, slowerMs: 5 }),
    slow("50 in flight, every commit 2 ms slower", { ...many, inFlight: 50, slowerMs: 2 }),
    {
      title: "one orchestration of 3 activities at a time: its latency",
      work: { orchestrations: 500, activities: 3, inFlight: 1 },
      contenders: [
        { ...inThread, target: "<= 2.5 ms" },
        { ...inline, target: "<= 1.6 ms" },
      ],
      figures: latency,
    },
    {
      title: "with 100,000 ended instances in the file, beside none; and 10,000 that wait",
      work: { open: 10_000 },
      contenders: [retained(0), retained(100_000)],
      figures: [
        { key: "cpuMicrosPerOrchestration", heading: "CPU µs each" },
        { key: "openMs", heading: "opening, ms" },
        { key: "bytesEach", heading: "heap of one that waits, bytes" },
        { key: "residentMB", heading: "resident, MB" },
      ],
    },
  ],
};

function slow(title: string, work: object): Series {
  return { title, work, contenders: [inline, inThread], figures: load };
}

function retained(count: number): Contender {
  const name = `${count.toLocaleString("en")} ended`;
  return { name, program: "ours-retained.ts", options: { ended: count }, flags };
}
