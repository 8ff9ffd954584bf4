import { readdirSync, readFileSync } from "node:fs";
import type { Measurement } from "./measurement.ts";

/** A line of `/proc`. */
interface ProcessTime {
  readonly id: number;
  readonly parent: number;
  /** Of the process and of the children that it has buried, in ticks. */
  readonly ticks: number;
}

/** The CPU time that this process and all below it have used. Empty where the system has no `/proc`. */
export function cpuOfProcesses(): Measurement {
  const processes = processTimes();
  if (processes.length === 0) return {};
  const family = new Set([process.pid]);
  for (let size = 0; size < family.size;) {
    size = family.size;
    for (const { id, parent } of processes) if (family.has(parent)) family.add(id);
  }
  const ticks = processes.reduce((sum, { id, ticks }) => sum + (family.has(id) ? ticks : 0), 0);
  // Linux shows a hundred ticks a second, whatever its own clock does.
  return { allCpuMs: ticks * 10 };
}

function processTimes(): readonly ProcessTime[] {
  try {
    return readdirSync("/proc").flatMap((name) => (/^\d+$/u.test(name) ? processTime(name) : []));
  } catch {
    // There is no such folder: this is not Linux.
    return [];
  }
}

function processTime(name: string): readonly ProcessTime[] {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, "latin1");
    // The name of the program, in parentheses, may hold anything. The fields after it are those from the third on.
    const fields = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + field, 0);
    return [{ id: Number(name), parent: fields[1] ?? 0, ticks }];
  } catch {
    // It ended while the folder was read; its parent has its time.
    return [];
  }
}
