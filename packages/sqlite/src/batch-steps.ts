import type { AttemptRecord, Batch, InstanceRecord, LogRow } from "@durabletask/backend";
import type { Step, Value } from "./connection.ts";
import { encodeEvents, encodeKept, encodeRequest, encodeTags, encodeTrace } from "./rows.ts";
import * as sql from "./statements.ts";

/** The statements that make a batch durable, in the order that `Store.commit` promises. */
export function stepsOf(batch: Batch): readonly Step[] {
  const {
    removedChains,
    removed,
    inserted,
    updated,
    detached,
    undetached,
    kept,
    unkept,
    attempts,
    fence,
  } = batch;
  const steps: readonly Step[] = [
    { sql: sql.insertLog, rows: batch.log.map(logRow) },
    { sql: sql.keep, rows: kept.map((call) => [call.key, call.executionId, encodeKept(call)]) },
    { sql: sql.letGo, rows: unkept.map((key) => [key]) },
    { sql: sql.deleteChain, rows: removedChains.map((tail) => [tail]) },
    { sql: sql.letGoOfInstance, rows: removed.map((key) => [key]) },
    { sql: sql.deleteInstance, rows: removed.map((key) => [key]) },
    { sql: sql.insertInstance, rows: inserted.map(insertedRow), makeRoom },
    { sql: sql.updateInstance, rows: updated.map(updatedRow) },
    {
      sql: sql.insertDetached,
      rows: detached.map(({ key, request }) => [key, encodeRequest(request)]),
    },
    { sql: sql.deleteDetached, rows: undetached.map((key) => [key]) },
    { sql: sql.setAttempts, rows: attempts.filter(isAttempted).map(attemptRow) },
    {
      sql: sql.deleteAttempts,
      rows: attempts.filter((record) => !isAttempted(record)).map(attemptIdentity),
    },
    { sql: sql.setFence, rows: fence === undefined ? [] : [[fence]] },
  ];
  return steps.filter(({ rows }) => rows.length > 0);
}

/** An instance that has the id already goes, with its chain and the calls that are kept of it. */
const makeRoom = {
  column: sql.idColumn,
  sqls: [sql.deleteChainOfId, sql.letGoOfId, sql.deleteInstanceOfId],
} as const;

function logRow({ row, key, prev, arrived, consumed, events }: LogRow): readonly Value[] {
  return [row, key, prev, arrived, consumed ?? null, encodeEvents(events)];
}

function insertedRow(record: InstanceRecord): readonly Value[] {
  return [
    record.key,
    record.id,
    record.executionId,
    record.name,
    record.version ?? null,
    record.status,
    record.createdAt,
    record.updatedAt,
    record.completedAt ?? null,
    record.startAt ?? null,
    record.parentId ?? null,
    encodeTags(record.tags),
    record.customStatus ?? null,
    encodeTrace(record.traceContext),
    Number(record.hasRun),
    record.head,
    record.tail,
  ];
}

function updatedRow(record: InstanceRecord): readonly Value[] {
  return [
    record.executionId,
    record.version ?? null,
    record.status,
    record.updatedAt,
    record.completedAt ?? null,
    record.customStatus ?? null,
    encodeTrace(record.traceContext),
    Number(record.hasRun),
    record.head,
    record.tail,
    record.key,
  ];
}

function isAttempted({ attempts }: AttemptRecord): boolean {
  return attempts > 0;
}

function attemptRow(record: AttemptRecord): readonly Value[] {
  return [...attemptIdentity(record), record.attempts, record.alone];
}

function attemptIdentity(record: AttemptRecord): readonly Value[] {
  return [record.kind, record.instanceId, record.executionId, record.taskId];
}
