import { TaskHubError } from "@durabletask/core";
import type {
  HistoryChunk,
  HistoryEvent,
  StreamInstanceHistoryRequest,
} from "@durabletask/protobuf";
import { partsOf } from "../state/history-size.ts";
import type { Hub } from "../state/hub.ts";
import { replayLog } from "../state/log-replay.ts";
import type { LogRow } from "../store/store.ts";
import { readSettled } from "./instance-calls.ts";

/** The history of an instance by parts, none ahead of its time; of one that does not exist, nothing (rule 11). */
export async function* streamHistory(
  hub: Hub,
  request: StreamInstanceHistoryRequest,
): AsyncGenerator<HistoryChunk, undefined> {
  const history = request.forWorkItemProcessing
    ? await readPast(hub, request)
    : replayLog(await readChain(hub, request)).history;
  // What is added to it meanwhile does not belong to it.
  for (const events of partsOf(history, history.length))
    yield { $typeName: "HistoryChunk", events };
  return undefined;
}

/** The log of an instance, whole: its parts are read one after the other, and it may be replaced between them. */
async function readChain(
  hub: Hub,
  { instanceId, executionId }: StreamInstanceHistoryRequest,
): Promise<readonly LogRow[]> {
  for (;;) {
    const stored = await readSettled(hub, instanceId, false);
    if (!stored || (executionId && stored.record.executionId !== executionId)) return [];
    const rows = await hub.store.chain(stored.record.tail);
    if (rows.length > 0) return rows;
  }
}

/**
 * What came before the turn that a worker is at: all that committed turns have recorded, on disk or not, since as long as
 * the turn may still be completed no other one is committed.
 */
async function readPast(
  hub: Hub,
  { instanceId, executionId }: StreamInstanceHistoryRequest,
): Promise<readonly HistoryEvent[]> {
  const instance = hub.instances.get(instanceId);
  const isOut = instance?.turn !== undefined || instance?.lateTurns !== undefined;
  if (!instance || !isOut || (executionId && instance.executionId !== executionId)) throw gone();
  if (instance.history) return instance.history;
  // Events that come meanwhile lengthen the chain, but record nothing of a turn.
  const { batch, tail } = instance;
  await hub.journal.settled(batch);
  const rows = await hub.store.chain(tail);
  if (rows.length === 0) throw gone();
  return replayLog(rows).history;
}

function gone(): TaskHubError {
  return new TaskHubError(
    "FAILED_PRECONDITION",
    "No worker is at a turn of this execution any more: hand the work item back.",
  );
}
