import type { MessageInitShape } from "@bufbuild/protobuf";
import type { InstanceQuerySchema } from "@durabletask/protobuf";
import { timestampFromMs } from "../engine/timestamp.ts";
import type { PayloadConverter } from "../converter.ts";
import { InvalidArgumentError } from "../errors.ts";
import { positive } from "../positive.ts";
import type { TaskHubService } from "../task-hub-service.ts";
import { PagedList } from "./paged-list.ts";
import { OrchestrationState } from "./orchestration-state.ts";
import { type OrchestrationStatus, statusToWire } from "./status.ts";

/** Which orchestrations to list; everything that is given must hold. */
export interface OrchestrationQuery {
  readonly statuses?: readonly OrchestrationStatus[] | undefined;
  readonly createdFrom?: Date | undefined;
  readonly createdTo?: Date | undefined;
  readonly instanceIdPrefix?: string | undefined;
  /** Whether states hold input, output and custom status. Default: false. */
  readonly fetchPayloads?: boolean | undefined;
  /** Orchestrations in one call to the hub. Default: 100. */
  readonly pageSize?: number | undefined;
  /** Where to go on: the token of an earlier page. */
  readonly continuationToken?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Some of the orchestrations that a query finds. */
export interface Page {
  readonly orchestrations: readonly OrchestrationState[];
  /** Leads to the next page; `undefined` on the last one. */
  readonly continuationToken: string | undefined;
}

/** What a query finds, fetched as it is read: one by one, or by pages. */
export type OrchestrationList = PagedList<OrchestrationState, Page>;

/** Lists what a query finds. */
export function listOrchestrations(
  hub: TaskHubService,
  query: OrchestrationQuery,
  converter: PayloadConverter,
): OrchestrationList {
  const { fetchPayloads = false, signal } = query;
  const fetch = async (token: string | undefined): Promise<Page> => {
    const found = await hub.queryInstances({ query: queryToWire(query, token) }, { signal });
    return {
      orchestrations: found.orchestrationState.map(
        (state) => new OrchestrationState(state, converter, fetchPayloads),
      ),
      continuationToken: found.continuationToken || undefined,
    };
  };
  return new PagedList(fetch, (page) => page.orchestrations, query.continuationToken);
}

/** The query as the wire has it. */
export function queryToWire(
  query: OrchestrationQuery,
  continuationToken: string | undefined,
): MessageInitShape<typeof InstanceQuerySchema> {
  return {
    runtimeStatus: (query.statuses ?? []).map(statusToWire),
    createdTimeFrom: instant(query.createdFrom, "createdFrom"),
    createdTimeTo: instant(query.createdTo, "createdTo"),
    instanceIdPrefix: query.instanceIdPrefix,
    fetchInputsAndOutputs: query.fetchPayloads ?? false,
    maxInstanceCount: pageSizeOf(query),
    continuationToken,
  };
}

/** The size of a page, validated. */
export function pageSizeOf({ pageSize = 100 }: { readonly pageSize?: number | undefined }): number {
  return positive(pageSize, "pageSize");
}

/** A date as the wire has it, validated. */
export function instant(
  date: Date | undefined,
  what: string,
): ReturnType<typeof timestampFromMs> | undefined {
  if (date === undefined) return undefined;
  if (!Number.isNaN(date.getTime())) return timestampFromMs(date.getTime());
  throw new InvalidArgumentError(`${what} is not a valid date`);
}
