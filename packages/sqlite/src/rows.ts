import type {
  AttemptRecord,
  DetachedActivity,
  InstanceRecord,
  KeptCall,
  LogRow,
  StoredInstance,
} from "@durabletask/backend";
import type {
  ActivityRequest,
  HistoryEvent,
  OrchestrationStatus,
  OrchestrationTraceContext,
} from "@durabletask/protobuf";
import {
  ActivityRequestSchema,
  HistoryChunkSchema,
  OrchestrationTraceContextSchema,
} from "@durabletask/protobuf";
import { decode, encode } from "@durabletask/protobuf/codec";
import type { Row } from "./connection.ts";

export function encodeEvents(events: readonly HistoryEvent[]): Uint8Array {
  // The encoder only reads.
  return encode(HistoryChunkSchema, {
    $typeName: "HistoryChunk",
    events: events as HistoryEvent[],
  });
}

function decodeEvents(data: unknown): readonly HistoryEvent[] {
  return decode(HistoryChunkSchema, data as Uint8Array).events;
}

export function encodeRequest(request: ActivityRequest): Uint8Array {
  return encode(ActivityRequestSchema, request);
}

export function decodeDetached(row: Row): DetachedActivity {
  return {
    key: row["d"] as number,
    request: decode(ActivityRequestSchema, row["request"] as Uint8Array),
  };
}

/** Workers that trace nothing say nothing. */
export function encodeTrace(trace: OrchestrationTraceContext | undefined): Uint8Array | null {
  return trace ? encode(OrchestrationTraceContextSchema, trace) : null;
}

function decodeTrace(data: unknown): OrchestrationTraceContext | undefined {
  return data ? decode(OrchestrationTraceContextSchema, data as Uint8Array) : undefined;
}

export function encodeKept({ scheduled, result }: KeptCall): Uint8Array {
  return encodeEvents(result ? [scheduled, result] : [scheduled]);
}

export function decodeKept(row: Row): KeptCall {
  const [scheduled, result] = decodeEvents(row["data"]);
  const key = row["c"] as number;
  if (!scheduled) throw new Error(`The kept call ${key} does not say what was asked for.`);
  return { key, executionId: row["execution"] as string, scheduled, result };
}

/** Most instances have no tags. */
export function encodeTags(tags: Readonly<Record<string, string>>): string | null {
  for (const _ in tags) return JSON.stringify(tags);
  return null;
}

export function decodeAttempts(row: Row): AttemptRecord {
  return {
    kind: row["kind"] as AttemptRecord["kind"],
    instanceId: row["instance"] as string,
    executionId: row["execution"] as string,
    taskId: row["task"] as number,
    attempts: row["attempts"] as number,
    alone: row["alone"] as number,
  };
}

export function decodeLogRow(row: Row): LogRow {
  return {
    row: row["r"] as number,
    key: row["k"] as number,
    prev: row["prev"] as number,
    arrived: row["arrived"] as number,
    consumed: (row["consumed"] as number | null) ?? undefined,
    events: decodeEvents(row["data"]),
  };
}

export function decodeRecord(row: Row): InstanceRecord {
  const tags = row["tags"] as string | null;
  return {
    key: row["k"] as number,
    id: row["id"] as string,
    executionId: row["execution_id"] as string,
    name: row["name"] as string,
    version: (row["version"] as string | null) ?? undefined,
    status: row["status"] as OrchestrationStatus,
    createdAt: row["created"] as number,
    updatedAt: row["updated"] as number,
    completedAt: (row["completed"] as number | null) ?? undefined,
    startAt: (row["start_at"] as number | null) ?? undefined,
    parentId: (row["parent"] as string | null) ?? undefined,
    tags: tags === null ? {} : (JSON.parse(tags) as Record<string, string>),
    customStatus: (row["custom_status"] as string | null) ?? undefined,
    traceContext: decodeTrace(row["trace"]),
    hasRun: row["has_run"] === 1,
    head: row["head"] as number,
    tail: row["tail"] as number,
  };
}

/** A row with the data of head and tail, as far as they were read. */
export function decodeStored(row: Row): StoredInstance {
  const events = (data: unknown) => (data === undefined || data === null ? [] : decodeEvents(data));
  return {
    record: decodeRecord(row),
    headEvents: events(row["head_data"]),
    tailEvents: events(row["tail_data"]),
  };
}
