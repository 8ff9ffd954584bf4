import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ListInstanceIdsRequestSchema } from "@durabletask/protobuf";
import type { TaskHubService } from "../task-hub-service.ts";
import { PagedList } from "./paged-list.ts";
import { instant, pageSizeOf } from "./query.ts";
import { type OrchestrationStatus, statusToWire } from "./status.ts";

/** Which ended orchestrations to list; everything that is given must hold. */
export interface InstanceIdQuery {
  readonly statuses?: readonly OrchestrationStatus[] | undefined;
  readonly completedFrom?: Date | undefined;
  readonly completedTo?: Date | undefined;
  /** Ids in one call to the hub. Default: 100. */
  readonly pageSize?: number | undefined;
  /** Where to go on: the token of an earlier page. */
  readonly continuationToken?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Some of the ids that a query finds. */
export interface InstanceIdPage {
  readonly instanceIds: readonly string[];
  /** Leads to the next page; `undefined` on the last one. */
  readonly continuationToken: string | undefined;
}

/** Ids of ended orchestrations, fetched as they are read. */
export type InstanceIdList = PagedList<string, InstanceIdPage>;

/** Lists ids of ended orchestrations in the order in which they ended. */
export function listInstanceIds(hub: TaskHubService, query: InstanceIdQuery): InstanceIdList {
  const { signal } = query;
  const fetch = async (token: string | undefined): Promise<InstanceIdPage> => {
    const { instanceIds, lastInstanceKey } = await hub.listInstanceIds(toWire(query, token), {
      signal,
    });
    return { instanceIds, continuationToken: lastInstanceKey || undefined };
  };
  return new PagedList(fetch, (page) => page.instanceIds, query.continuationToken);
}

function toWire(
  query: InstanceIdQuery,
  lastInstanceKey: string | undefined,
): MessageInitShape<typeof ListInstanceIdsRequestSchema> {
  return {
    runtimeStatus: (query.statuses ?? []).map(statusToWire),
    completedTimeFrom: instant(query.completedFrom, "completedFrom"),
    completedTimeTo: instant(query.completedTo, "completedTo"),
    pageSize: pageSizeOf(query),
    lastInstanceKey,
  };
}
