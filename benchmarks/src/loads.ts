import type { Measurement } from "./measurement.ts";
import { cpuOfProcesses } from "./process-tree.ts";
import { measureThroughput, type RunOne } from "./throughput.ts";

/** The same work under several loads. */
export interface Loads {
  /** Workflows that are measured under each. */
  readonly orchestrations: number;
  /** Steps of each, one after the other. */
  readonly activities: number;
  /** Workflows under way at the same time, load by load. */
  readonly inFlights: readonly number[];
}

/** Measures load after load. The result is that of the one with the highest rate, and the rates of all. */
export async function measureLoads(
  { inFlights, ...work }: Loads,
  runOne: RunOne,
  counts: () => Measurement = () => ({}),
): Promise<Measurement> {
  let best: Measurement = { orchestrationsPerSecond: 0 };
  const rates: Record<string, number> = {};
  for (const inFlight of inFlights) {
    const load = await measureThroughput({ ...work, shape: "chain", inFlight }, runOne, () => ({
      ...counts(),
      ...cpuOfProcesses(),
    }));
    rates[`at${inFlight}`] = rateOf(load);
    if (rateOf(load) > rateOf(best)) best = load;
  }
  const { allCpuMs, ...measurement } = best;
  const cpu = allCpuMs === undefined ? {} : { cpuMsEach: allCpuMs / work.orchestrations };
  return { ...measurement, ...rates, ...cpu };
}

function rateOf({ orchestrationsPerSecond = 0 }: Measurement): number {
  return orchestrationsPerSecond;
}
