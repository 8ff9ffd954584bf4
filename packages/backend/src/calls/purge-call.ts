import { TaskHubError } from "@durabletask/core";
import type {
  PurgeInstanceFilter,
  PurgeInstancesRequest,
  PurgeInstancesResponse,
} from "@durabletask/protobuf";
import { purgeInstances } from "../commands/purge.ts";
import type { Hub } from "../state/hub.ts";
import { isActive } from "../state/status.ts";
import type { InstanceRecord, StoredInstance, StoreQuery } from "../store/store.ts";
import { durationMs, toMs } from "../time/timestamp.ts";

/** How many instances of a filter are purged by one commit. */
const pageSize = 500;

/** Removes instances that have ended, and all their traces. What is missing or active is left alone. */
export async function purge(
  hub: Hub,
  request: PurgeInstancesRequest,
): Promise<PurgeInstancesResponse> {
  const { recursive } = request;
  switch (request.request.case) {
    case "instanceId":
      return response(await purgeIds(hub, [request.request.value], recursive));
    case "instanceBatch":
      return response(await purgeIds(hub, request.request.value.instanceIds, recursive));
    case "purgeInstanceFilter":
      return await purgeMatching(hub, request.request.value, recursive);
    case undefined:
      throw new TaskHubError("INVALID_ARGUMENT", "The request does not say what to purge.");
    default:
      return response(request.request satisfies never);
  }
}

function response(deletedInstanceCount: number, isComplete = true): PurgeInstancesResponse {
  return { $typeName: "PurgeInstancesResponse", deletedInstanceCount, isComplete };
}

async function purgeIds(hub: Hub, ids: readonly string[], recursive: boolean): Promise<number> {
  const read = async () => {
    const records = [];
    for (const id of new Set(ids)) records.push((await hub.store.find(id, false))?.record);
    return records.filter(hasEnded);
  };
  return await purgeRecords(hub, read, recursive);
}

async function purgeMatching(
  hub: Hub,
  filter: PurgeInstanceFilter,
  recursive: boolean,
): Promise<PurgeInstancesResponse> {
  const deadline = filter.timeout ? hub.clock.now() + durationMs(filter.timeout) : Infinity;
  let count = 0;
  let after = 0;
  for (;;) {
    let page: readonly StoredInstance[] = [];
    const read = async () => {
      page = await hub.store.query(endedQuery(filter, after));
      return page.map(({ record }) => record).filter(hasEnded);
    };
    count += await purgeRecords(hub, read, recursive);
    after = page.at(-1)?.record.key ?? after;
    if (page.length < pageSize) return response(count);
    if (hub.clock.now() >= deadline) return response(count, false);
  }
}

function endedQuery(filter: PurgeInstanceFilter, after: number): StoreQuery {
  const statuses = filter.runtimeStatus.filter((status) => !isActive(status));
  return {
    after,
    limit: pageSize,
    statuses: filter.runtimeStatus.length > 0 ? statuses : undefined,
    createdFrom: filter.createdTimeFrom && toMs(filter.createdTimeFrom),
    createdTo: filter.createdTimeTo && toMs(filter.createdTimeTo),
    idPrefix: "",
    payloads: false,
  };
}

/**
 * Purges what `read` finds, with its descendants if it is recursive, in one commit. Gives how many there were, without those
 * that another purge has removed meanwhile.
 *
 * A rewind gives an instance another log, and in time another end. Those that were made before are on disk when it reads;
 * if one comes meanwhile, it reads again.
 */
export async function purgeRecords(
  hub: Hub,
  read: () => Promise<readonly InstanceRecord[]>,
  recursive: boolean,
): Promise<number> {
  for (;;) {
    const { rewinds } = hub;
    const gone = hub.removals.watch();
    try {
      await hub.journal.allSettled();
      const records = await read();
      const all = recursive ? await withDescendants(hub, records) : records;
      if (hub.rewinds !== rewinds) continue;
      const ended = all.filter(
        ({ id, key }) => !gone.has(key) && hub.instances.get(id)?.key !== key,
      );
      // What another one removes is gone once that is on disk.
      await (ended.length > 0 ? purgeInstances(hub, ended) : hub.journal.allSettled());
      return ended.length;
    } finally {
      hub.removals.unwatch(gone);
    }
  }
}

async function withDescendants(
  hub: Hub,
  records: readonly InstanceRecord[],
): Promise<readonly InstanceRecord[]> {
  const found = new Map(records.map((record) => [record.key, record]));
  // A map is walked in order of insertion, what is added meanwhile included.
  for (const { id, key } of found.values()) {
    for (const child of await hub.store.children(id)) {
      // A younger instance of that id may have taken the place of the one whose child this was.
      if (hasEnded(child) && child.key > key) found.set(child.key, child);
    }
  }
  return [...found.values()];
}

function hasEnded(record: InstanceRecord | undefined): record is InstanceRecord {
  return record?.completedAt !== undefined;
}
