import { createHash } from "node:crypto";

/** How a step goes: how long each attempt takes, and how many of them fail before one succeeds. */
export interface Fate {
  readonly latencyMs: number;
  readonly failures: number;
}

/** The fate of a step. It follows from the step's name, so that every run of the demo has the same failures. */
export function fateOf(step: string): Fate {
  const digest = createHash("sha1").update(step).digest();
  const [latency = 0, luck = 0] = digest;
  return { latencyMs: 20 + latency / 2, failures: luck < 18 ? 1 : luck < 22 ? 2 : 0 };
}
