import { maxEncodedBytes } from "@durabletask/core/spi";
import type { HistoryEvent } from "@durabletask/protobuf";

/** A history that is larger does not come with the work item, where the worker can read it by parts. */
const maxInlineEvents = 2_000;
const maxInlineBytes = 1024 * 1024;
/** What a part has at most: well below the 4 MB that gRPC takes by default. An event that is larger has one of its own. */
const maxPartEvents = 500;
const maxPartBytes = 2 * 1024 * 1024;

/** The size of a history that grows. Each event is looked at once, however often the history is handed out. */
export class HistorySize {
  /** So many events are counted. */
  #events = 0;
  #bytes = 0;

  /** Whether the history, as it is now, is too large to come with a work item. Looks no further than it must. */
  isLarge(history: readonly HistoryEvent[]): boolean {
    if (history.length > maxInlineEvents) return true;
    while (this.#events < history.length && this.#bytes <= maxInlineBytes) {
      this.#bytes += maxEncodedBytes(history[this.#events++]);
    }
    return this.#bytes > maxInlineBytes;
  }
}

/** Cuts the first `count` events into parts, each when it is asked for. */
export function* partsOf(
  history: readonly HistoryEvent[],
  count: number = history.length,
): Generator<HistoryEvent[], undefined> {
  for (let start = 0; start < count;) {
    const end = endOfPart(history, start, count);
    yield history.slice(start, end);
    start = end;
  }
}

function endOfPart(history: readonly HistoryEvent[], start: number, count: number): number {
  const last = Math.min(start + maxPartEvents, count);
  let bytes = 0;
  for (let end = start; end < last; end++) {
    bytes += maxEncodedBytes(history[end]);
    if (bytes > maxPartBytes && end > start) return end;
  }
  return last;
}
