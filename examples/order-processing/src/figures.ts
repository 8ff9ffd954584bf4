import type { HistoryEvent } from "@durabletask/core";
import type { Results } from "./results.ts";

/** What the histories of all orchestrations add up to. */
export interface Figures {
  readonly orders: number;
  readonly shipped: number;
  readonly approved: number;
  readonly declined: number;
  readonly rejected: number;
  /** Orders without an outcome, of which there should be none. */
  readonly failed: number;
  readonly orchestrations: number;
  /** Activities that completed. */
  readonly completed: number;
  /** Attempts that failed and were tried again. */
  readonly retried: number;
  readonly timers: number;
  readonly turns: number;
  /** Events that the turns would have had to replay, if each replayed its past. */
  readonly pastEvents: number;
}

/** Adds up. */
export function addUp({ orders, histories }: Results): Figures {
  const outcomes = orders.flatMap(({ outcome }) => outcome ?? []);
  const shipped = outcomes.filter((outcome) => outcome.status === "shipped");
  const cancelled = outcomes.filter((outcome) => outcome.status === "cancelled");
  const events = [...histories.values()].flat();
  const turns = [...histories.values()].flatMap(turnsOf);
  return {
    orders: orders.length,
    shipped: shipped.length,
    approved: shipped.filter(({ approvedBy }) => approvedBy !== null).length,
    declined: cancelled.filter(({ reason }) => reason === "payment declined").length,
    rejected: cancelled.filter(({ reason }) => reason === "not approved").length,
    failed: orders.length - outcomes.length,
    orchestrations: histories.size,
    completed: count(events, "taskCompleted"),
    retried: events.filter(isRetried).length,
    timers: count(events, "timerFired"),
    turns: turns.length,
    pastEvents: turns.reduce((sum, past) => sum + past, 0),
  };
}

/** How many events each turn of an orchestration found in its past: a turn begins with OrchestratorStarted. */
function turnsOf(history: readonly HistoryEvent[]): number[] {
  return history.flatMap(({ type }, index) => (type === "orchestratorStarted" ? [index] : []));
}

function isRetried(event: HistoryEvent): boolean {
  return event.type === "taskFailed" && event.failureDetails?.isNonRetriable !== true;
}

function count(events: readonly HistoryEvent[], type: HistoryEvent["type"]): number {
  return events.filter((event) => event.type === type).length;
}
