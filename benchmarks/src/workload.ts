/** The work that every contender does: orchestrations that call activities one after the other. */
export interface Workload {
  /** Orchestrations that are measured. */
  readonly orchestrations: number;
  /** Activities that each of them calls, in sequence. */
  readonly activities: number;
  /** Orchestrations under way at the same time. */
  readonly inFlight: number;
}

/** What a contender's process prints as its last line. */
export interface Measurement {
  readonly orchestrationsPerSecond: number;
  /** CPU time of the whole process over the measured part, in microseconds. */
  readonly cpuMicrosPerOrchestration: number;
  /** What else it counted, such as commits. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Runs one orchestration from its start to its end. */
export type RunOne = () => Promise<void>;

/** Warms up, then keeps as many orchestrations under way as the workload says, and measures. */
export async function measure(
  workload: Workload,
  runOne: RunOne,
  counts: () => Readonly<Record<string, number>> = () => ({}),
): Promise<Measurement> {
  await runAll({ ...workload, orchestrations: Math.ceil(workload.orchestrations / 5) }, runOne);
  const before = counts();
  const cpu = process.cpuUsage();
  const start = performance.now();
  await runAll(workload, runOne);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const after = Object.entries(counts());
  return {
    orchestrationsPerSecond: workload.orchestrations / seconds,
    cpuMicrosPerOrchestration: (user + system) / workload.orchestrations,
    counts: Object.fromEntries(after.map(([name, value]) => [name, value - (before[name] ?? 0)])),
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

/** The workload that a contender's process was given as its first argument. */
export function workloadFromArguments(): Workload {
  const workload: Workload = JSON.parse(process.argv[2] ?? "{}");
  return workload;
}

/** Prints the measurement where the parent process reads it. */
export function report(measurement: Measurement): void {
  console.log(JSON.stringify(measurement));
}
