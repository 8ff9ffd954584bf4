import type { Part, Series } from "../part.ts";
import { manyInstances, type Workload } from "../throughput.ts";

const oneInstance: Workload = { orchestrations: 10, activities: 300, inFlight: 1 };

/** Whole hubs, worker and client included, in one process. */
export const throughput: Part = {
  name: "throughput",
  series: [
    series(
      "many instances: 5,000 orchestrations of 5 sequential activities, 500 in flight",
      manyInstances,
    ),
    series("one instance at a time: 10 orchestrations of 300 sequential activities", oneInstance),
  ],
};

function series(title: string, work: Workload): Series {
  return {
    title,
    work,
    contenders: [
      { name: "@microsoft/durabletask-js 0.4.0, in memory", program: "peer-in-memory.ts" },
      { name: "ours, SQLite with full sync", program: "ours-on-sqlite.ts" },
      { name: "ours, in memory", program: "ours-in-memory.ts" },
      { name: "ours, in memory, generator", program: "ours-in-memory-generator.ts" },
    ],
    figures: [
      { key: "orchestrationsPerSecond", heading: "orchestrations/s", better: "more" },
      { key: "cpuMicrosPerOrchestration", heading: "CPU µs each" },
      { key: "commits", heading: "commits" },
    ],
  };
}
