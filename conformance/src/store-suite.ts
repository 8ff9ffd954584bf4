import type {
  Batch,
  EndedQuery,
  InstanceRecord,
  KeptCall,
  LogRow,
  Store,
  StoreQuery,
} from "@durabletask/backend";
import { emptyBatch } from "@durabletask/backend";
import type { HistoryEvent } from "@durabletask/protobuf";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { describe, expect, it, onTestFinished } from "vitest";
import { raisedEvent } from "./actions.ts";
import type { CreateStore } from "./hub-bench.ts";

const { RUNNING, COMPLETED, FAILED, PENDING } = OrchestrationStatus;

/** Everything that a store must do for the hub. */
export function describeStore(name: string, createStore: CreateStore): void {
  describe(`store: ${name}`, () => {
    it("begins with nothing", async () => {
      const store = createStore();
      expect(await opened(store)).toEqual({
        lastKey: 0,
        lastRow: 0,
        lastDetached: 0,
        fence: undefined,
      });
      expect(await store.find("a", true)).toBeUndefined();
      expect(await store.chain(1)).toEqual([]);
      expect(await store.live(0, 10)).toEqual([]);
      expect(await store.detached()).toEqual([]);
      expect(await store.children("a")).toEqual([]);
      expect(await store.query(query())).toEqual([]);
    });

    it("gives back what it was told, also after a reopening", async () => {
      const store = createStore();
      await opened(store);
      const full: InstanceRecord = {
        ...record(1, "a"),
        version: "1",
        startAt: 12,
        parentId: "p",
        tags: { k: "v", "": "" },
        customStatus: "half",
        hasRun: true,
        traceContext: {
          $typeName: "OrchestrationTraceContext",
          spanID: "",
          spanStartTime: { $typeName: "google.protobuf.Timestamp", seconds: 12n, nanos: 345 },
        },
      };
      const empty = { ...record(2, "b"), version: "", customStatus: "", parentId: "" };
      const rows = [row(1, 1, 0, "in"), row(2, 2, 0, "")];
      await store.commit(batch({ log: rows, inserted: [full, empty] }));
      const look = async () => {
        expect((await store.find("a", false))?.record).toEqual(full);
        expect((await store.find("b", false))?.record).toEqual(empty);
        expect(await store.chain(1)).toEqual([rows[0]]);
        expect(await store.children("p")).toEqual([full]);
        expect(await store.children("")).toEqual([empty]);
      };
      await look();
      await store.close();
      expect(await store.open()).toEqual({ lastKey: 2, lastRow: 2, lastDetached: 0 });
      await look();
    });

    it("walks a chain from its tail, oldest row first", async () => {
      const store = createStore();
      await opened(store);
      const rows = [row(1, 1, 0), row(2, 2, 0), row(3, 1, 1), row(4, 1, 3)];
      const turn: LogRow = { ...row(5, 1, 4), consumed: 2 };
      await store.commit(batch({ log: [...rows, turn], inserted: [record(1, "a", { tail: 5 })] }));
      expect((await store.chain(5)).map((found) => found.row)).toEqual([1, 3, 4, 5]);
      expect((await store.chain(5)).at(-1)).toEqual(turn);
      expect((await store.chain(2)).map((found) => found.row)).toEqual([2]);
      expect(await store.chain(9)).toEqual([]);
    });

    it("updates what is known of an instance", async () => {
      const store = createStore();
      await opened(store);
      const before = record(1, "a", { customStatus: "x" });
      await store.commit(batch({ log: [row(1, 1, 0)], inserted: [before] }));
      const after: InstanceRecord = {
        ...before,
        executionId: "e2",
        version: "2",
        status: COMPLETED,
        updatedAt: 20,
        completedAt: 21,
        customStatus: undefined,
        head: 2,
        tail: 3,
      };
      await store.commit(batch({ log: [row(2, 1, 0), row(3, 1, 2)], updated: [after] }));
      expect((await store.find("a", false))?.record).toEqual(after);
      expect(await store.live(0, 10)).toEqual([]);
    });

    it("reads payloads only when asked, and the end only of what has ended", async () => {
      const store = createStore();
      await opened(store);
      const rows = [row(1, 1, 0, "first"), row(2, 1, 1, "last"), row(3, 2, 0, "only")];
      const ended = record(1, "a", { tail: 2, completedAt: 9, status: COMPLETED });
      await store.commit(
        batch({ log: rows, inserted: [ended, record(2, "b", { head: 3, tail: 3 })] }),
      );
      expect(await store.find("a", true)).toEqual({
        record: ended,
        headEvents: rows[0]?.events,
        tailEvents: rows[1]?.events,
      });
      expect(await store.find("a", false)).toMatchObject({ headEvents: [], tailEvents: [] });
      expect(await store.find("b", true)).toMatchObject({
        headEvents: rows[2]?.events,
        tailEvents: [],
      });
    });

    it("finds many at once, each with what it was asked with", async () => {
      const store = createStore();
      await opened(store);
      const ids = Array.from({ length: 250 }, (_, index) => `id-${index}`);
      await store.commit(
        batch({
          log: ids.map((_, index) => row(index + 1, index + 1, 0)),
          inserted: ids.map((id, index) =>
            record(index + 1, id, { tail: index + 1, head: index + 1 }),
          ),
        }),
      );
      const asked = ["nobody", ...ids, ...ids.toReversed()];
      const found = await Promise.all(asked.map((id, index) => store.find(id, index % 2 === 0)));
      expect(found.map((each) => each?.record.id ?? "nobody")).toEqual(asked);
      expect(found.map((each) => each?.headEvents.length)).toEqual(
        asked.map((id, index) => (id === "nobody" ? undefined : (index + 1) % 2)),
      );
    });

    it("an insertion replaces an instance of the same id, with its chain", async () => {
      const store = createStore();
      await opened(store);
      const old = record(1, "a", { tail: 2, completedAt: 9, status: COMPLETED, parentId: "p" });
      await store.commit(batch({ log: [row(1, 1, 0), row(2, 1, 1)], inserted: [old] }));
      const renewed = record(2, "a", { head: 3, tail: 3 });
      await store.commit(batch({ log: [row(3, 2, 0)], inserted: [renewed] }));
      expect((await store.find("a", false))?.record).toEqual(renewed);
      expect(await store.chain(2)).toEqual([]);
      expect(await store.children("p")).toEqual([]);
      expect(await store.query(query())).toHaveLength(1);
    });

    it("removes chains, rows of the same batch included, and instances", async () => {
      const store = createStore();
      await opened(store);
      await store.commit(
        batch({
          log: [row(1, 1, 0), row(2, 2, 0)],
          inserted: [record(1, "a"), record(2, "b", { head: 2, tail: 2 })],
        }),
      );
      const next = record(1, "a", { head: 5, tail: 5 });
      const rows = [row(3, 1, 1), row(4, 1, 3), row(5, 1, 0)];
      await store.commit(
        batch({ log: rows, removedChains: [4, 2], removed: [2], updated: [next] }),
      );
      expect(await store.chain(4)).toEqual([]);
      expect(await store.chain(5)).toHaveLength(1);
      expect(await store.find("b", false)).toBeUndefined();
      expect((await store.live(0, 10)).map(({ record: { id } }) => id)).toEqual(["a"]);
      // What is gone can be removed again.
      await store.commit(batch({ removedChains: [4], removed: [2] }));
    });

    it("finds what lives, page by page, with its chains", async () => {
      const store = createStore();
      await opened(store);
      const keys = [1, 2, 3, 4, 5];
      await store.commit(
        batch({
          log: keys.map((key) => row(key, key, 0)),
          inserted: keys.map((key) =>
            record(key, `i${key}`, {
              head: key,
              tail: key,
              status: key === 3 ? COMPLETED : PENDING,
              completedAt: key === 3 ? 9 : undefined,
            }),
          ),
        }),
      );
      const first = await store.live(0, 2);
      expect(first.map(({ record: { key } }) => key)).toEqual([1, 2]);
      expect(first[1]?.rows.map((found) => found.row)).toEqual([2]);
      expect((await store.live(2, 2)).map(({ record: { key } }) => key)).toEqual([4, 5]);
      expect(await store.live(5, 2)).toEqual([]);
    });

    it("queries", async () => {
      const store = createStore();
      await opened(store);
      const ids = ["a-1", "a_2", "A-3", "b%4", "漢字5", "a-6"];
      await store.commit(
        batch({
          log: ids.map((_, index) => row(index + 1, index + 1, 0)),
          inserted: ids.map((id, index) =>
            record(index + 1, id, {
              head: index + 1,
              tail: index + 1,
              createdAt: 100 + index,
              status: index % 2 ? RUNNING : PENDING,
            }),
          ),
        }),
      );
      const keys = async (more: Partial<StoreQuery>) =>
        (await store.query(query(more))).map(({ record: { key } }) => key);
      expect(await keys({})).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await keys({ after: 2, limit: 2 })).toEqual([3, 4]);
      expect(await keys({ statuses: [RUNNING] })).toEqual([2, 4, 6]);
      expect(await keys({ statuses: [] })).toEqual([]);
      expect(await keys({ createdFrom: 101, createdTo: 103 })).toEqual([2, 3, 4]);
      expect(await keys({ idPrefix: "a-" })).toEqual([1, 6]);
      expect(await keys({ idPrefix: "b%" })).toEqual([4]);
      expect(await keys({ idPrefix: "漢" })).toEqual([5]);
    });

    it("keeps detached activities until they are done", async () => {
      const store = createStore();
      await opened(store);
      const request = {
        $typeName: "ActivityRequest" as const,
        name: "work",
        version: "",
        taskId: 7,
        tags: { k: "v" },
        orchestrationInstance: {
          $typeName: "OrchestrationInstance" as const,
          instanceId: "a",
          executionId: "e",
        },
      };
      await store.commit(
        batch({
          detached: [
            { key: 1, request },
            { key: 2, request },
          ],
        }),
      );
      await store.close();
      expect(await store.open()).toMatchObject({ lastDetached: 2 });
      await store.commit(batch({ undetached: [1] }));
      expect(await store.detached()).toMatchObject([{ key: 2, request }]);
    });

    it("takes an empty batch, and a fence again and again, and tells the last one", async () => {
      const store = createStore();
      await opened(store);
      await store.commit(batch({}));
      for (const fence of ["1", "2", "2"]) await store.commit(batch({ fence }));
      await store.commit(batch({}));
      expect(await store.query(query())).toEqual([]);
      await store.close();
      expect(await store.open()).toMatchObject({ fence: "2" });
    });

    it("records attempts, and forgets those that are none", async () => {
      const store = createStore();
      await opened(store);
      const turn = { kind: "turn", instanceId: "a", executionId: "e", taskId: -1 } as const;
      const call = { kind: "activity", instanceId: "a", executionId: "e", taskId: 0 } as const;
      const once = [turn, call].map((item) => ({ ...item, attempts: 1, alone: 0 }));
      await store.commit(batch({ attempts: once }));
      await store.commit(batch({ attempts: [{ ...call, attempts: 3, alone: 1 }] }));
      await store.close();
      await store.open();
      const kept = (await store.attempts()).toSorted((a, b) => a.taskId - b.taskId);
      expect(kept).toEqual([
        { ...turn, attempts: 1, alone: 0 },
        { ...call, attempts: 3, alone: 1 },
      ]);
      await store.commit(batch({ attempts: once.map((record) => ({ ...record, attempts: 0 })) }));
      expect(await store.attempts()).toEqual([]);
    });

    it("finds what has ended in the order of the ends, page by page", async () => {
      const store = createStore();
      await opened(store);
      const ends = [50, undefined, 30, 40, 30, 60];
      await store.commit(
        batch({
          log: ends.map((_, index) => row(index + 1, index + 1, 0)),
          inserted: ends.map((completedAt, index) =>
            record(index + 1, `i${index + 1}`, {
              head: index + 1,
              tail: index + 1,
              completedAt,
              status: completedAt === undefined ? RUNNING : index === 3 ? FAILED : COMPLETED,
            }),
          ),
        }),
      );
      const all: EndedQuery = {
        after: undefined,
        limit: 10,
        statuses: undefined,
        completedFrom: undefined,
        completedTo: undefined,
      };
      const keys = async (more: Partial<EndedQuery>) =>
        (await store.ended({ ...all, ...more })).map(({ key }) => key);
      expect(await keys({})).toEqual([3, 5, 4, 1, 6]);
      expect(await keys({ limit: 2 })).toEqual([3, 5]);
      expect(await keys({ after: { completedAt: 30, key: 3 }, limit: 2 })).toEqual([5, 4]);
      expect(await keys({ after: { completedAt: 60, key: 6 } })).toEqual([]);
      expect(await keys({ statuses: [COMPLETED] })).toEqual([3, 5, 1, 6]);
      expect(await keys({ statuses: [] })).toEqual([]);
      expect(await keys({ completedFrom: 40, completedTo: 50 })).toEqual([4, 1]);
    });

    it("keeps calls until they are let go, or their instance is removed or replaced", async () => {
      const store = createStore();
      await opened(store);
      const keys = async (executionId: string) =>
        (await store.kept(executionId)).map(({ key }) => key);
      const inserted = ["one", "two", "three"].map((executionId, index) =>
        record(index + 1, executionId, { executionId, head: index + 1, tail: index + 1 }),
      );
      await store.commit(batch({ inserted, kept: [kept(9, "one"), kept(7, "one", "first")] }));
      await store.commit(
        batch({ kept: [kept(7, "one", "again"), kept(10, "two"), kept(11, "three")], unkept: [9] }),
      );
      expect(await store.kept("one")).toEqual([kept(7, "one", "again")]);
      await store.close();
      expect(await store.open()).toMatchObject({ lastDetached: 11 });
      expect(await store.kept("one")).toEqual([kept(7, "one", "again")]);
      // What is kept by the very batch that removes its instance goes with it.
      const next = record(4, "two", { executionId: "next" });
      await store.commit(
        batch({ kept: [kept(12, "one"), kept(13, "two")], removed: [1], inserted: [next] }),
      );
      for (const gone of ["one", "two"]) expect(await keys(gone)).toEqual([]);
      expect(await keys("three")).toEqual([11]);
      await store.clear();
      expect(await keys("three")).toEqual([]);
    });

    it("forgets everything when it is cleared", async () => {
      const store = createStore();
      await opened(store);
      await store.commit(
        batch({ log: [row(1, 1, 0)], inserted: [record(1, "a", { parentId: "p" })], fence: "f" }),
      );
      await store.clear();
      expect(await store.open()).toEqual({
        lastKey: 0,
        lastRow: 0,
        lastDetached: 0,
        fence: undefined,
      });
      for (const found of [await store.chain(1), await store.children("p"), await store.live(0, 9)])
        expect(found).toEqual([]);
      await store.commit(batch({ log: [row(1, 1, 0)], inserted: [record(1, "a")] }));
      expect((await store.find("a", false))?.record.key).toBe(1);
    });

    const texts = [
      "constructor",
      "__proto__",
      "a\u0000b",
      "🙂",
      "' OR 1=1; --",
      "x".repeat(10_000),
    ];
    it.each(texts.map((text) => [text.slice(0, 20), text] as const))(
      "takes any text as id, name and payload: %j",
      async (_, text) => {
        const store = createStore();
        await opened(store);
        const hostile = record(1, text, { name: text, parentId: text, tags: { tag: text } });
        await store.commit(batch({ log: [row(1, 1, 0, text)], inserted: [hostile] }));
        await store.close();
        await store.open();
        expect((await store.find(text, false))?.record).toEqual(hostile);
        expect((await store.children(text)).map(({ id }) => id)).toEqual([text]);
        expect((await store.chain(1))[0]?.events).toEqual(row(1, 1, 0, text).events);
      },
    );

    it("opens again without having been closed, as after a failed commit", async () => {
      const store = createStore();
      await opened(store);
      await store.commit(batch({ log: [row(1, 1, 0)], inserted: [record(1, "a")] }));
      expect(await store.open()).toMatchObject({ lastKey: 1 });
      expect(await store.chain(1)).toHaveLength(1);
    });
  });
}

async function opened(store: Store): Promise<unknown> {
  onTestFinished(() => store.close());
  return await store.open();
}

function batch(parts: Partial<Batch>): Batch {
  return { ...emptyBatch, ...parts };
}

function record(key: number, id: string, more: Partial<InstanceRecord> = {}): InstanceRecord {
  return {
    key,
    id,
    executionId: "e",
    name: "main",
    version: undefined,
    status: RUNNING,
    createdAt: 10,
    updatedAt: 11,
    completedAt: undefined,
    startAt: undefined,
    parentId: undefined,
    tags: {},
    customStatus: undefined,
    traceContext: undefined,
    hasRun: false,
    head: 1,
    tail: 1,
    ...more,
  };
}

function kept(key: number, executionId: string, result?: string): KeptCall {
  return {
    key,
    executionId,
    scheduled: raisedEvent("x", undefined),
    result: result === undefined ? undefined : raisedEvent("y", result),
  };
}

function row(number: number, key: number, prev: number, input?: string): LogRow {
  const events: readonly HistoryEvent[] = [raisedEvent("x", input)];
  return { row: number, key, prev, arrived: events.length, consumed: undefined, events };
}

function query(more: Partial<StoreQuery> = {}): StoreQuery {
  return {
    after: 0,
    limit: 100,
    statuses: undefined,
    createdFrom: undefined,
    createdTo: undefined,
    idPrefix: "",
    payloads: false,
    ...more,
  };
}
