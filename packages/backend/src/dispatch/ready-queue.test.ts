import { describe, expect, it } from "vitest";
import { Fifo } from "./fifo.ts";
import { ReadyQueue } from "./ready-queue.ts";
import { WorkFilter } from "./work-filter.ts";

const all = new WorkFilter(undefined);
const mine = new WorkFilter([{ name: "mine", versions: [] }]);

type Queue = ReadyQueue<string, string>;

function openQueue(...filters: readonly WorkFilter[]): Queue {
  const queue = new ReadyQueue<string, string>();
  for (const filter of filters) queue.open(filter);
  return queue;
}

function drain(queue: Queue, filter: WorkFilter, taker?: string): string[] {
  const taken: string[] = [];
  for (let item = queue.take(filter, taker); item !== undefined; item = queue.take(filter, taker))
    taken.push(item);
  return taken;
}

describe("ReadyQueue", () => {
  it("is first in, first out within a name and version, and in turns between them", () => {
    const queue = openQueue(all);
    for (const item of ["x1", "x2", "x3"]) queue.push("x", undefined, item);
    queue.push("y", "1", "y1");
    queue.push("x", "2", "x@2");
    expect(drain(queue, all)).toEqual(["x1", "y1", "x@2", "x2", "x3"]);
    expect(drain(queue, all)).toEqual([]);
  });

  it("keeps apart names that a separator would confuse", () => {
    const filter = new WorkFilter([{ name: "a1", versions: ["b"] }]);
    const queue = openQueue(filter);
    queue.push("a", "1b", "first");
    queue.push("a1", "b", "second");
    expect(drain(queue, filter)).toEqual(["second"]);
  });

  it("does not look at what the taker does not take, however many names that has", () => {
    class CountingFilter extends WorkFilter {
      asked = 0;
      override accepts(name: string, version: string | undefined): boolean {
        this.asked++;
        return super.accepts(name, version);
      }
    }
    const filter = new CountingFilter([{ name: "mine", versions: [] }]);
    const queue = openQueue(filter);
    for (let index = 0; index < 1000; index++) queue.push(`nobody's ${index}`, undefined, "no");
    for (let index = 0; index < 100; index++) queue.push("mine", undefined, "yes");
    filter.asked = 0;
    expect(drain(queue, filter)).toHaveLength(100);
    expect(filter.asked).toBe(0);
  });

  it("has what was there before its taker came, and after one of two with the same filter left", () => {
    const queue = openQueue();
    queue.push("mine", undefined, "first");
    queue.open(mine);
    queue.open(new WorkFilter([{ name: "mine", versions: [] }]));
    queue.close(mine);
    queue.push("mine", undefined, "second");
    expect(drain(queue, mine)).toEqual(["first", "second"]);
    queue.push("mine", undefined, "third");
    queue.close(mine);
    queue.open(mine);
    expect(drain(queue, mine)).toEqual(["third"]);
  });

  it("what has left is not there any more, wherever it stood", () => {
    const queue = openQueue(all);
    const places = ["1", "2", "3", "4"].map((item) => queue.push("x", undefined, item));
    const only = queue.push("y", undefined, "only");
    for (const place of [places[0], places[2], only]) place?.leave();
    only.leave();
    queue.push("y", undefined, "again");
    expect(drain(queue, all)).toEqual(["2", "again", "4"]);
    places[3]?.leave();
  });

  it("gives nobody what refuses them, and starves nothing that somebody else is refused", () => {
    const queue = openQueue(all);
    const refused = { key: "one", takers: new Set(["one"]) };
    queue.push("x", undefined, "not for one", refused);
    for (const item of ["a", "b", "c"]) queue.push("x", undefined, item);
    expect(queue.take(all, "one")).toBe("a");
    expect([queue.take(all, "two"), queue.take(all, "two")]).toContain("not for one");
    queue.push("x", undefined, "not for one either", refused);
    expect(drain(queue, all, "one")).toEqual(["c"]);
    expect(drain(queue, all, "two")).toEqual(["not for one either"]);
  });
});

describe("WorkFilter", () => {
  it("takes the versions it names, or all of a name that has none", () => {
    const filter = new WorkFilter([
      { name: "x", versions: ["1", ""] },
      { name: "x", versions: ["2"] },
      { name: "y", versions: ["1"] },
      { name: "y", versions: [] },
    ]);
    expect(["1", "2", "", undefined].map((version) => filter.accepts("x", version))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(filter.accepts("x", "3")).toBe(false);
    expect(filter.accepts("y", "9")).toBe(true);
    for (const name of ["constructor", "__proto__", ""])
      expect(filter.accepts(name, "1")).toBe(false);
  });
});

describe("WorkFilter", () => {
  it("has the same key as another one that takes the same", () => {
    const key = (...filters: NonNullable<ConstructorParameters<typeof WorkFilter>[0]>) =>
      new WorkFilter(filters).key;
    const x = { name: "x", versions: ["1", "2"] };
    const y = { name: "y", versions: [] };
    expect(key(x, y)).toBe(key(y, { name: "x", versions: ["2", "1", "1"] }));
    expect(new Set([key(), key(x), key(y), key(x, y), key({ ...x, versions: [] })]).size).toBe(5);
    expect(all.key).not.toBe(key());
  });
});

describe("Fifo", () => {
  it("keeps the order over many pushes and shifts", () => {
    const queue = new Fifo<number>();
    const taken: number[] = [];
    let next = 0;
    for (let round = 0; round < 200; round++) {
      for (let index = 0; index < round % 7; index++) queue.push(next++);
      for (let index = 0; index < round % 5; index++) {
        const item = queue.shift();
        if (item !== undefined) taken.push(item);
      }
    }
    while (queue.size > 0) taken.push(queue.shift() ?? -1);
    expect(taken).toEqual(Array.from({ length: next }, (_, index) => index));
    expect(queue.shift()).toBeUndefined();
  });
});
