import type { RecordedTurn } from "@durabletask/core/spi";
import type { HistoryEvent } from "@durabletask/protobuf";
import type { LogRow } from "../store/store.ts";

/** The turns of a chain, oldest first, and the events that none of them has taken. */
export function turnsOf(rows: readonly LogRow[]): {
  readonly turns: readonly RecordedTurn[];
  readonly inbox: readonly HistoryEvent[];
} {
  const turns: RecordedTurn[] = [];
  const queue: HistoryEvent[] = [];
  let taken = 0;
  for (const { arrived, consumed, events } of rows) {
    for (const event of events.slice(0, arrived)) queue.push(event);
    const [started, ...recorded] = events.slice(arrived);
    if (consumed === undefined || !started) continue;
    turns.push({ started, delivered: queue.slice(taken, taken + consumed), recorded });
    taken += consumed;
  }
  return { turns, inbox: queue.slice(taken) };
}
