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
  readonly name: string;
  /** What went in. */
  readonly payload: string;
  endedAt?: Date;
  result?: string;
}

/** Lines fit a terminal of this width. */
const columns = 80;

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
  const begin = (event: HistoryEvent, name: string, payload?: string): void => {
    const entry = { at: event.timestamp, name, payload: readable(payload) };
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
  begin: (event: HistoryEvent, name: string, payload?: string) => void,
  end: (id: number, event: HistoryEvent, result: string) => void,
): void {
  switch (event.type) {
    case "executionStarted":
      return begin(event, `${event.name} started`);
    case "taskScheduled":
      return begin(event, event.name, event.input);
    case "taskCompleted":
      return end(event.taskScheduledId, event, readable(event.result));
    case "taskFailed":
      return end(event.taskScheduledId, event, `failed: ${event.failureDetails?.errorType ?? ""}`);
    case "timerCreated":
      return begin(event, "timer");
    case "timerFired":
      return end(event.timerId, event, "");
    case "subOrchestrationInstanceCreated":
      return begin(event, `${event.name} as ${event.instanceId}`);
    case "subOrchestrationInstanceCompleted":
      return end(event.taskScheduledId, event, readable(event.result));
    case "eventRaised":
      return begin(event, `event ${event.name}`, event.input);
    case "executionCompleted":
      return begin(event, "completed", event.result);
    default:
      return undefined;
  }
}

function formatEntry(entry: Entry, startedAt: Date): string {
  const { at, name, payload, endedAt, result } = entry;
  const took = endedAt === undefined ? "" : seconds(endedAt, at).trim();
  const start = `${seconds(at, startedAt)}  ${took.padStart(8)}  ${name}`;
  const end = result === undefined || result === "" ? "" : ` → ${result}`;
  const room = columns - start.length - end.length - 1;
  return `${start} ${shorten(payload, room)}`.trimEnd() + end;
}

function seconds(at: Date, from: Date): string {
  return `${((at.getTime() - from.getTime()) / 1000).toFixed(2)} s`.padStart(8);
}

function shorten(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}…`;
}

/** A payload as one would write it. */
function readable(payload: string | undefined): string {
  if (payload === undefined) return "";
  return inspect(JSON.parse(payload), { breakLength: Infinity, compact: true, depth: 0 });
}
