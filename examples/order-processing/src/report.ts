import type { Replays } from "./replay-counter.ts";

/** What the application tells whoever started it. */
export interface Report {
  /** Orders that have ended. */
  readonly ended: number;
  /** Runs of activities, those before the kill included. */
  readonly steps: number;
  /** Orders that wait for approval. */
  readonly waiting: number;
  /** Of this process. */
  readonly replays: Replays;
  /** How long it took to open the task hub and take up its work. */
  readonly openedInMs: number;
}
