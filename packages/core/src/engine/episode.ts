import type { HistoryEvent } from "@durabletask/protobuf";
import type { Session, Turn } from "./session.ts";

/** Runs one episode of a session, as a promise. */
export function runEpisode(
  session: Session,
  past: readonly HistoryEvent[],
  fresh: readonly HistoryEvent[],
): Promise<Turn> {
  return new Promise((ended, failed) => {
    session.run(past, fresh, { ended, failed });
  });
}
