import type { Contender } from "../contender.ts";
import type { Loads } from "../loads.ts";
import type { Figure, Part } from "../part.ts";
import { findPostgresql } from "../peers/postgresql.ts";
import { findRestate } from "../peers/restate-server.ts";

const dbos: Contender = { name: "DBOS 5.3.0 on PostgreSQL", program: "dbos.ts" };
const restate: Contender = { name: "Restate 1.7.12, SDK 1.17.2", program: "restate.ts" };
const ours: readonly Contender[] = [
  { name: "ours, SQLite in a thread", program: "ours-loads.ts", options: { thread: true } },
  { name: "ours, SQLite inline", program: "ours-loads.ts", options: { thread: false } },
];

const many: Loads = { orchestrations: 2000, activities: 5, inFlights: [16, 64, 256] };
const single: Loads = { orchestrations: 500, activities: 3, inFlights: [1] };

const costs: readonly Figure[] = [
  { key: "cpuMsEach", heading: "CPU ms each", digits: 2, better: "less" },
  { key: "commitsEach", heading: "syncs each", digits: 2 },
];
const rates: readonly Figure[] = [
  { key: "orchestrationsPerSecond", heading: "workflows/s", better: "more" },
  ...many.inFlights.map((n): Figure => ({ key: `at${n}`, heading: `with ${n} in flight` })),
  ...costs,
];
const latencies: readonly Figure[] = [
  { key: "latencyP50", heading: "p50 ms", digits: 2, better: "less" },
  { key: "latencyP99", heading: "p99 ms", digits: 1, better: "less" },
  ...costs,
];

/** Durable peers that bring a server. What is not on this machine is left out; a line says what it takes. */
export function besidePeers(): readonly Part[] {
  const parts: Part[] = [];
  if (findPostgresql()) parts.push(beside("dbos", dbos));
  else console.log("DBOS is left out: it needs PostgreSQL (Debian: apt install postgresql).");
  if (findRestate()) parts.push(beside("restate", restate));
  else console.log("Restate is left out: its package has no server for this platform.");
  return parts;
}

function beside(name: string, peer: Contender): Part {
  const contenders: Part["series"][number]["contenders"] = [peer, ...ours];
  return {
    name,
    series: [
      {
        title: "2,000 workflows of 5 steps, the best load",
        work: many,
        contenders,
        figures: rates,
      },
      {
        title: "500 workflows of 3 steps, one at a time",
        work: single,
        contenders,
        figures: latencies,
      },
    ],
  };
}
