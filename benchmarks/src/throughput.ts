import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Measurement } from "./measurement.ts";

/** The work that every contender does: orchestrations that call activities. */
export interface Workload {
  /** Orchestrations that are measured. */
  readonly orchestrations: number;
  /** Activities that each of them calls. */
  readonly activities: number;
  /** One after the other, or all at once. */
  readonly shape: "chain" | "fan-out";
  /** Orchestrations under way at the same time. */
  readonly inFlight: number;
}

/** Many small instances at once. */
export const manyInstances: Workload = {
  orchestrations: 5000,
  activities: 5,
  shape: "chain",
  inFlight: 500,
};

/** Runs one orchestration from its start to its end. */
export type RunOne = () => Promise<void>;

/** Warms up, then keeps as many orchestrations under way as the workload says, and measures. */
export async function measureThroughput(
  workload: Workload,
  runOne: RunOne,
  counts: () => Measurement = () => ({}),
): Promise<Measurement> {
  await runAll({ ...workload, orchestrations: Math.ceil(workload.orchestrations / 5) }, runOne);
  const before = counts();
  const latencies: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpu = process.cpuUsage();
  const start = performance.now();
  await runAll(workload, async () => {
    const begun = performance.now();
    await runOne();
    latencies.push(performance.now() - begun);
  });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const after = Object.entries(counts());
  return {
    ...Object.fromEntries(after.map(([name, value]) => [name, value - (before[name] ?? 0)])),
    orchestrationsPerSecond: workload.orchestrations / seconds,
    cpuMicrosPerOrchestration: (user + system) / workload.orchestrations,
    latencyP50: percentile(latencies, 0.5),
    latencyP99: percentile(latencies, 0.99),
    delayP99: delay.percentile(99) / 1e6,
  };
}

async function runAll({ orchestrations, inFlight }: Workload, runOne: RunOne): Promise<void> {
  let left = orchestrations;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await runOne();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? 0;
}
