import type { Part, Series } from "../part.ts";
import { manyInstances, type Workload } from "../throughput.ts";

const oneInstance: Workload = { orchestrations: 5, activities: 1000, shape: "chain", inFlight: 1 };
const fanOut: Workload = { ...oneInstance, shape: "fan-out" };
const inMemory = { name: "ours, in memory, 1,000", program: "ours-in-memory.ts" };
const onSqlite = { name: "ours, SQLite with full sync", program: "ours-on-sqlite.ts" };
const inMemoryContenders: Series["contenders"] = [
  { name: "@microsoft/durabletask-js 0.4.0, in memory", program: "peer-in-memory.ts" },
  { name: "ours, in memory", program: "ours-in-memory.ts" },
  { name: "ours, in memory, generator", program: "ours-in-memory-generator.ts" },
];
const allContenders: Series["contenders"] = [...inMemoryContenders, onSqlite];

/** Whole hubs, worker and client included, in one process. */
export const throughput: Part = {
  name: "throughput",
  series: [
    series(
      "many instances: 5,000 orchestrations of 5 sequential activities, 500 in flight",
      manyInstances,
    ),
    series(
      "many more instances: 20,000 orchestrations of 5 sequential activities, 500 in flight",
      { ...manyInstances, orchestrations: 20_000 },
      inMemoryContenders,
    ),
    series("one instance at a time: 1,000 sequential activities", oneInstance),
    series("one instance at a time: a fan-out of 1,000 activities", fanOut),
    growth("growth of a chain in memory, 1,000 to 10,000 activities", oneInstance),
    growth("growth of a fan-out in memory, 1,000 to 10,000 activities", fanOut),
  ],
};

/** What ten times the activities cost; the peer's cost is quadratic, and its histories end at 10,000 events. */
function growth(title: string, work: Workload): Series {
  return {
    title,
    work,
    contenders: [
      inMemory,
      {
        ...inMemory,
        name: "ours, in memory, 10,000",
        options: { activities: 10_000 },
        target: "at most 13 times the CPU",
      },
    ],
    figures: [
      { key: "orchestrationsPerSecond", heading: "orchestrations/s", digits: 1 },
      { key: "cpuMicrosPerOrchestration", heading: "CPU µs each" },
    ],
  };
}

function series(
  title: string,
  work: Workload,
  contenders: Series["contenders"] = allContenders,
): Series {
  return {
    title,
    work,
    contenders,
    figures: [
      { key: "orchestrationsPerSecond", heading: "orchestrations/s", digits: 1, better: "more" },
      { key: "cpuMicrosPerOrchestration", heading: "CPU µs each", better: "less" },
      { key: "commits", heading: "commits" },
    ],
  };
}
