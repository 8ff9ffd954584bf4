import type { Measurement } from "./measurement.ts";
import { median } from "./statistics.ts";

/** What is replayed, and how. */
export interface ReplayWork {
  readonly shape: "chain" | "fan-out";
  /** Lengths of the histories, in activities, shortest first. */
  readonly activities: readonly number[];
  /** Whether a replay begins with decoding the history. */
  readonly isDecoding: boolean;
}

const warmUpMs = 300;
const measuredMs = 700;

/** Replays once, and checks the result. */
export type Replay = () => Promise<void>;

/**
 * Measures a replay of each length: the median in milliseconds, the mean of the CPU time of the whole process, and how many
 * times more of it each length took than the one before it.
 */
export async function measureReplays(
  { activities }: ReplayWork,
  prepare: (activities: number) => Replay,
): Promise<Measurement> {
  const figures: Record<string, number> = {};
  let previousCpuMs: number | undefined;
  for (const length of activities) {
    const replay = prepare(length);
    await repeat(replay, warmUpMs, 2);
    const cpu = process.cpuUsage();
    const durations = await repeat(replay, measuredMs, 3);
    const { user, system } = process.cpuUsage(cpu);
    const cpuMs = (user + system) / 1000 / durations.length;
    figures[`ms of ${length}`] = median(durations);
    figures[`CPU ms of ${length}`] = cpuMs;
    if (previousCpuMs !== undefined) figures[`growth to ${length}`] = cpuMs / previousCpuMs;
    previousCpuMs = cpuMs;
  }
  return figures;
}

async function repeat(replay: Replay, atLeastMs: number, atLeast: number): Promise<number[]> {
  const durations: number[] = [];
  const end = performance.now() + atLeastMs;
  while (durations.length < atLeast || performance.now() < end) {
    const start = performance.now();
    await replay();
    durations.push(performance.now() - start);
  }
  return durations;
}
