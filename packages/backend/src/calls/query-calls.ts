import { TaskHubError } from "@durabletask/core";
import type {
  InstanceQuery,
  QueryInstancesRequest,
  QueryInstancesResponse,
} from "@durabletask/protobuf";
import type { Hub } from "../state/hub.ts";
import type { StoreQuery } from "../store/store.ts";
import { toMs } from "../time/timestamp.ts";
import { storedState } from "./instance-state.ts";

/** Instances a page has when the request does not say. */
const defaultPageSize = 100;

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
  const found = await hub.store.query({ ...storeQuery(query), limit: limit + 1 });
  const page = found.slice(0, limit);
  return {
    $typeName: "QueryInstancesResponse",
    orchestrationState: page.map(storedState),
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
