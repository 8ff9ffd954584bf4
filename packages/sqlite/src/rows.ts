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
import { blob, integer, optional, text } from "./columns.ts";
import type { Row } from "./connection.ts";

/** Events as a HistoryChunk. */
export function encodeEvents(events: readonly HistoryEvent[]): Uint8Array {
  // The encoder only reads.
  return encode(HistoryChunkSchema, {
    $typeName: "HistoryChunk",
    events: events as HistoryEvent[],
  });
}

function decodeEvents(data: unknown): readonly HistoryEvent[] {
  return decode(HistoryChunkSchema, blob(data)).events;
}

/** What a detached activity was asked to do. */
export function encodeRequest(request: ActivityRequest): Uint8Array {
  return encode(ActivityRequestSchema, request);
}

/** A row of `detached_activities`. */
export function decodeDetached(row: Row): DetachedActivity {
  return {
    key: integer(row["d"]),
    request: decode(ActivityRequestSchema, blob(row["request"])),
  };
}

/** Workers that trace nothing say nothing. */
export function encodeTrace(trace: OrchestrationTraceContext | undefined): Uint8Array | null {
  return trace ? encode(OrchestrationTraceContextSchema, trace) : null;
}

function decodeTrace(data: unknown): OrchestrationTraceContext | undefined {
  return optional(data, (bytes) => decode(OrchestrationTraceContextSchema, blob(bytes)));
}

/** What was asked for, then its result, if there is one. */
export function encodeKept({ scheduled, result }: KeptCall): Uint8Array {
  return encodeEvents(result ? [scheduled, result] : [scheduled]);
}

/** A row of `kept_calls`. */
export function decodeKept(row: Row): KeptCall {
  const [scheduled, result] = decodeEvents(row["data"]);
  const key = integer(row["c"]);
  if (!scheduled) throw new Error(`The kept call ${key} does not say what was asked for.`);
  return { key, executionId: text(row["execution"]), scheduled, result };
}

/** Most instances have no tags. */
export function encodeTags(tags: Readonly<Record<string, string>>): string | null {
  for (const _ in tags) return JSON.stringify(tags);
  return null;
}

function decodeTags(tags: unknown): Record<string, string> {
  return tags === null ? {} : JSON.parse(text(tags));
}

/** A row of `attempts`. */
export function decodeAttempts(row: Row): AttemptRecord {
  return {
    kind: text(row["kind"]) === "turn" ? "turn" : "activity",
    instanceId: text(row["instance"]),
    executionId: text(row["execution"]),
    taskId: integer(row["task"]),
    attempts: integer(row["attempts"]),
    alone: integer(row["alone"]),
  };
}

/** A row of `log`. */
export function decodeLogRow(row: Row): LogRow {
  return {
    row: integer(row["r"]),
    key: integer(row["k"]),
    prev: integer(row["prev"]),
    arrived: integer(row["arrived"]),
    consumed: optional(row["consumed"], integer),
    events: decodeEvents(row["data"]),
  };
}

/** A row of `instances`. */
export function decodeRecord(row: Row): InstanceRecord {
  return {
    key: integer(row["k"]),
    id: text(row["id"]),
    executionId: text(row["execution_id"]),
    name: text(row["name"]),
    version: optional(row["version"], text),
    status: integer(row["status"]) as OrchestrationStatus,
    createdAt: integer(row["created"]),
    updatedAt: integer(row["updated"]),
    completedAt: optional(row["completed"], integer),
    startAt: optional(row["start_at"], integer),
    parentId: optional(row["parent"], text),
    tags: decodeTags(row["tags"]),
    customStatus: optional(row["custom_status"], text),
    traceContext: decodeTrace(row["trace"]),
    hasRun: row["has_run"] === 1,
    head: integer(row["head"]),
    tail: integer(row["tail"]),
  };
}

/** A row with the data of head and tail, as far as they were read. */
export function decodeStored(row: Row): StoredInstance {
  const events = (data: unknown) => optional(data, decodeEvents) ?? [];
  return {
    record: decodeRecord(row),
    headEvents: events(row["head_data"]),
    tailEvents: events(row["tail_data"]),
  };
}
