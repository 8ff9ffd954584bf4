import { inspect } from "node:util";
import type { HistoryEvent } from "@durabletask/core";

/** Something that the timeline marks between the events, such as a crash. */
export interface Mark {
  readonly at: Date;
  readonly text: string;
}

/** One line of the timeline: an event, or a task from its start to its end. */
interface Entry {
  readonly at: Date;
  readonly what: string;
  endedAt?: Date;
  result?: string;
}

/** The history of one orchestration, a line for each thing that happened: when, how long it took, what came of it. */
export function formatTimeline(history: readonly HistoryEvent[], marks: readonly Mark[]): string {
  const entries = entriesOf(history);
  const startedAt = entries[0]?.at ?? new Date(0);
  const lines = entries.map((entry) => ({ at: entry.at, text: formatEntry(entry, startedAt) }));
  for (const { at, text } of marks) {
    const line = `${seconds(at, startedAt)}  ${"─".repeat(8)} ${text} ${"─".repeat(8)}`;
    const place = lines.findIndex((other) => other.at > at);
    lines.splice(place === -1 ? lines.length : place, 0, { at, text: line });
  }
  return lines.map(({ text }) => text).join("\n");
}

function entriesOf(history: readonly HistoryEvent[]): Entry[] {
  const entries: Entry[] = [];
  const open = new Map<number, Entry>();
  const begin = (event: HistoryEvent, what: string): void => {
    const entry = { at: event.timestamp, what };
    entries.push(entry);
    if (event.eventId !== -1) open.set(event.eventId, entry);
  };
  const end = (id: number, { timestamp }: HistoryEvent, result: string): void => {
    const entry = open.get(id);
    if (entry !== undefined) Object.assign(entry, { endedAt: timestamp, result });
  };
  for (const event of history) read(event, begin, end);
  return entries;
}

/** Which events begin a line, and which end one that another began. The rest is bookkeeping. */
function read(
  event: HistoryEvent,
  begin: (event: HistoryEvent, what: string) => void,
  end: (id: number, event: HistoryEvent, result: string) => void,
): void {
  switch (event.type) {
    case "executionStarted":
      return begin(event, `${event.name} started`);
    case "taskScheduled":
      return begin(event, `${event.name} ${value(event.input)}`);
    case "taskCompleted":
      return end(event.taskScheduledId, event, value(event.result));
    case "taskFailed":
      return end(event.taskScheduledId, event, `failed: ${event.failureDetails?.errorType ?? ""}`);
    case "timerCreated":
      return begin(event, "timer");
    case "timerFired":
      return end(event.timerId, event, "");
    case "subOrchestrationInstanceCreated":
      return begin(event, `${event.name} as ${event.instanceId}`);
    case "subOrchestrationInstanceCompleted":
      return end(event.taskScheduledId, event, value(event.result));
    case "eventRaised":
      return begin(event, `event ${event.name} ${value(event.input)}`);
    case "executionCompleted":
      return begin(event, `completed ${value(event.result)}`);
    default:
      return undefined;
  }
}

function formatEntry({ at, what, endedAt, result }: Entry, startedAt: Date): string {
  const took = endedAt === undefined ? "" : seconds(endedAt, at).trim();
  const outcome = result === undefined || result === "" ? "" : ` → ${result}`;
  return `${seconds(at, startedAt)}  ${took.padStart(8)}  ${what.trim()}${outcome}`;
}

function seconds(at: Date, from: Date): string {
  return `${((at.getTime() - from.getTime()) / 1000).toFixed(2)} s`.padStart(8);
}

/** A payload, short enough for its line. */
function value(payload: string | undefined): string {
  if (payload === undefined) return "";
  const options = { breakLength: Infinity, compact: true, depth: 0 };
  const text = inspect(JSON.parse(payload), options);
  return text.length <= 56 ? text : `${text.slice(0, 55)}…`;
}
