import { TaskHubError } from "@durabletask/core";
import type { ListInstanceIdsRequest, ListInstanceIdsResponse } from "@durabletask/protobuf";
import type { Hub } from "../state/hub.ts";
import type { EndedQuery } from "../store/store.ts";
import { toMs } from "../time/timestamp.ts";

/** Ids a page has when the request does not say. */
const defaultPageSize = 100;

/** One page of the ids of instances that have ended, in the order of their ends. */
export async function listInstanceIds(
  hub: Hub,
  request: ListInstanceIdsRequest,
): Promise<ListInstanceIdsResponse> {
  await hub.journal.allSettled();
  const limit = request.pageSize > 0 ? request.pageSize : defaultPageSize;
  // One more than the page tells whether another page follows.
  const found = await hub.store.ended({
    after: positionOf(request.lastInstanceKey),
    limit: limit + 1,
    statuses: request.runtimeStatus.length > 0 ? request.runtimeStatus : undefined,
    completedFrom: request.completedTimeFrom && toMs(request.completedTimeFrom),
    completedTo: request.completedTimeTo && toMs(request.completedTimeTo),
  });
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    $typeName: "ListInstanceIdsResponse",
    instanceIds: page.map(({ id }) => id),
    lastInstanceKey: last && found.length > limit ? `${last.completedAt}:${last.key}` : undefined,
  };
}

/** Some clients send an empty key for the first page. */
function positionOf(lastInstanceKey: string | undefined): EndedQuery["after"] {
  if (!lastInstanceKey) return undefined;
  const [, completedAt, key] = /^(\d{1,15}):(\d{1,15})$/u.exec(lastInstanceKey) ?? [];
  if (completedAt === undefined || key === undefined) {
    throw new TaskHubError("INVALID_ARGUMENT", "lastInstanceKey is not one of this task hub.");
  }
  return { completedAt: Number(completedAt), key: Number(key) };
}
