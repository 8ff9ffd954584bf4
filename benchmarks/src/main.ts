import { availableParallelism } from "node:os";
import { type Contender, run } from "./contender.ts";
import { median, summary } from "./statistics.ts";
import type { Measurement, Workload } from "./workload.ts";

const peer: Contender = {
  name: "@microsoft/durabletask-js 0.4.0, in memory",
  program: "./peer-in-memory.ts",
};
const ours: readonly Contender[] = [
  { name: "ours, SQLite with full sync", program: "./ours-on-sqlite.ts" },
  { name: "ours, in memory", program: "./ours-in-memory.ts" },
  { name: "ours, in memory, generator", program: "./ours-in-memory-generator.ts" },
];

const workloads: readonly { readonly title: string; readonly workload: Workload }[] = [
  {
    title: "many instances: 5,000 orchestrations of 5 sequential activities, 500 in flight",
    workload: { orchestrations: 5000, activities: 5, inFlight: 500 },
  },
  {
    title: "one instance at a time: 10 orchestrations of 300 sequential activities",
    workload: { orchestrations: 10, activities: 300, inFlight: 1 },
  },
];

const rounds = Number(process.argv[2] ?? 5);

console.log(`Node.js ${process.version}, ${availableParallelism()} processors, ${rounds} rounds.`);
console.log(
  "Fresh processes, contenders in turn; median [min..max]; ratios are taken round by round.",
);
for (const { title, workload } of workloads) {
  const results = await measureRounds(workload);
  console.log(`\n${title}`);
  console.table(tableOf(results));
}

async function measureRounds(workload: Workload): Promise<ReadonlyMap<Contender, Measurement[]>> {
  const contenders = [peer, ...ours];
  const results = new Map(
    contenders.map((contender): [Contender, Measurement[]] => [contender, []]),
  );
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of contenders) {
      process.stderr.write(`round ${round} of ${rounds}: ${contender.name}\n`);
      results.get(contender)?.push(await run(contender, workload));
    }
  }
  return results;
}

function tableOf(results: ReadonlyMap<Contender, readonly Measurement[]>): Record<string, object> {
  const rates = (of: Contender): number[] =>
    (results.get(of) ?? []).map((measurement) => measurement.orchestrationsPerSecond);
  const ofPeer = rates(peer);
  const rows = [...results].map(([contender, measurements]): [string, object] => [
    contender.name,
    {
      "orchestrations/s": summary(rates(contender)),
      "times the peer": median(
        rates(contender).map((rate, i) => rate / (ofPeer[i] ?? rate)),
      ).toFixed(2),
      "CPU µs each": summary(measurements.map((m) => m.cpuMicrosPerOrchestration)),
      commits: median(measurements.map((m) => m.counts["commits"] ?? 0)),
    },
  ]);
  return Object.fromEntries(rows);
}
