import { TaskHubError } from "@durabletask/core";
import type {
  HistoryChunk,
  InstanceQuery,
  QueryInstancesRequest,
  QueryInstancesResponse,
  StreamInstanceHistoryRequest,
} from "@durabletask/protobuf";
import type { Hub } from "../state/hub.ts";
import { readStore } from "../state/hub.ts";
import { replayLog } from "../state/log-replay.ts";
import type { LogRow, StoreQuery } from "../store/store.ts";
import { toMs } from "../time/timestamp.ts";
import { readSettled } from "./instance-calls.ts";
import { toOrchestrationState } from "./instance-state.ts";

/** Instances a page has when the request does not say. */
const defaultPageSize = 100;
/** Events a chunk of history has at most. */
const chunkSize = 500;

/** One page of instances, in the order of their creation. */
export async function queryInstances(
  hub: Hub,
  { query }: QueryInstancesRequest,
): Promise<QueryInstancesResponse> {
  await hub.journal.allSettled();
  // It has nothing of what other hubs have.
  if (!isAsked(hub, query)) return { $typeName: "QueryInstancesResponse", orchestrationState: [] };
  const limit = query && query.maxInstanceCount > 0 ? query.maxInstanceCount : defaultPageSize;
  // One more than the page tells whether another page follows.
  const found = await readStore(hub.store.query({ ...storeQuery(query), limit: limit + 1 }));
  const page = found.slice(0, limit);
  return {
    $typeName: "QueryInstancesResponse",
    orchestrationState: page.map(toOrchestrationState),
    continuationToken: found.length > limit ? String(page.at(-1)?.record.key) : undefined,
  };
}

/** A query that names no task hub means the one that it is sent to. */
function isAsked(hub: Hub, query: InstanceQuery | undefined): boolean {
  const names = query?.taskHubNames ?? [];
  return names.length === 0 || names.some(({ value }) => value === hub.name);
}

function storeQuery(query: InstanceQuery | undefined): Omit<StoreQuery, "limit"> {
  return {
    after: keyOf(query?.continuationToken),
    statuses: query && query.runtimeStatus.length > 0 ? query.runtimeStatus : undefined,
    createdFrom: query?.createdTimeFrom && toMs(query.createdTimeFrom),
    createdTo: query?.createdTimeTo && toMs(query.createdTimeTo),
    idPrefix: query?.instanceIdPrefix ?? "",
    payloads: query?.fetchInputsAndOutputs ?? false,
  };
}

function keyOf(continuationToken: string | undefined): number {
  const key = Number(continuationToken ?? 0);
  if (Number.isSafeInteger(key) && key >= 0) return key;
  throw new TaskHubError("INVALID_ARGUMENT", "The continuation token is not one of this task hub.");
}

/** The history of an instance in chunks; of one that does not exist, nothing (rule 11). */
export async function* streamHistory(
  hub: Hub,
  { instanceId, executionId }: StreamInstanceHistoryRequest,
): AsyncGenerator<HistoryChunk, undefined> {
  const rows = await readChain(hub, instanceId, executionId);
  const { history } = replayLog(rows);
  for (let start = 0; start < history.length; start += chunkSize) {
    yield { $typeName: "HistoryChunk", events: history.slice(start, start + chunkSize) };
  }
  return undefined;
}

/** The log of an instance, whole: its parts are read one after the other, and it may be replaced between them. */
async function readChain(
  hub: Hub,
  instanceId: string,
  executionId: string | undefined,
): Promise<readonly LogRow[]> {
  for (;;) {
    const stored = await readSettled(hub, instanceId, false);
    if (!stored || (executionId && stored.record.executionId !== executionId)) return [];
    const rows = await hub.store.chain(stored.record.tail);
    if (rows.length > 0) return rows;
  }
}
