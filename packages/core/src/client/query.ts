import type { MessageInitShape } from "@bufbuild/protobuf";
import type { InstanceQuerySchema } from "@durabletask/protobuf";
import { timestampFromMs } from "../engine/timestamp.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { OrchestrationState } from "./orchestration-state.ts";
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
export class OrchestrationList implements AsyncIterable<OrchestrationState> {
  readonly #fetch: (continuationToken: string | undefined) => Promise<Page>;
  readonly #start: string | undefined;

  constructor(
    fetch: (continuationToken: string | undefined) => Promise<Page>,
    start: string | undefined,
  ) {
    this.#fetch = fetch;
    this.#start = start;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<OrchestrationState, void, undefined> {
    for await (const page of this.byPage()) yield* page.orchestrations;
  }

  /** The same, a page at a time. */
  async *byPage(): AsyncGenerator<Page, void, undefined> {
    let token = this.#start;
    for (;;) {
      const page = await this.#fetch(token);
      yield page;
      // A token that does not move would never end.
      if (page.continuationToken === undefined || page.continuationToken === token) return;
      token = page.continuationToken;
    }
  }
}

/** The query as the wire has it. */
export function queryToWire(
  query: OrchestrationQuery,
  continuationToken: string | undefined,
): MessageInitShape<typeof InstanceQuerySchema> {
  const { pageSize = 100 } = query;
  if (!Number.isSafeInteger(pageSize) || pageSize < 1) {
    throw new InvalidArgumentError(`pageSize is ${pageSize}; it must be a whole number above 0`);
  }
  return {
    runtimeStatus: (query.statuses ?? []).map(statusToWire),
    createdTimeFrom: instant(query.createdFrom, "createdFrom"),
    createdTimeTo: instant(query.createdTo, "createdTo"),
    instanceIdPrefix: query.instanceIdPrefix,
    fetchInputsAndOutputs: query.fetchPayloads ?? false,
    maxInstanceCount: pageSize,
    continuationToken,
  };
}

function instant(
  date: Date | undefined,
  what: string,
): ReturnType<typeof timestampFromMs> | undefined {
  if (date === undefined) return undefined;
  if (!Number.isNaN(date.getTime())) return timestampFromMs(date.getTime());
  throw new InvalidArgumentError(`${what} is not a valid date`);
}
