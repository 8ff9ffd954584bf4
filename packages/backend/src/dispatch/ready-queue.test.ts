import { describe, expect, it } from "vitest";
import { Fifo } from "./fifo.ts";
import { ReadyQueue } from "./ready-queue.ts";
import { WorkFilter } from "./work-filter.ts";

const all = new WorkFilter([]);

function drain(queue: ReadyQueue<string>, filter: WorkFilter): string[] {
  const taken: string[] = [];
  for (let item = queue.take(filter); item !== undefined; item = queue.take(filter))
    taken.push(item);
  return taken;
}

describe("ReadyQueue", () => {
  it("is first in, first out within a name and version, and in turns between them", () => {
    const queue = new ReadyQueue<string>();
    for (const item of ["x1", "x2", "x3"]) queue.push("x", undefined, item);
    queue.push("y", "1", "y1");
    queue.push("x", "2", "x@2");
    expect(queue.size).toBe(5);
    expect(drain(queue, all)).toEqual(["x1", "y1", "x@2", "x2", "x3"]);
    expect(queue.size).toBe(0);
  });

  it("keeps apart names that a separator would confuse", () => {
    const queue = new ReadyQueue<string>();
    queue.push("a", "1b", "first");
    queue.push("a1", "b", "second");
    const filter = new WorkFilter([{ name: "a1", versions: ["b"] }]);
    expect(drain(queue, filter)).toEqual(["second"]);
  });

  it("what nobody takes stands in nobody's way", () => {
    const queue = new ReadyQueue<string>();
    for (let index = 0; index < 1000; index++) queue.push("nobody's", undefined, "no");
    queue.push("mine", undefined, "yes");
    expect(drain(queue, new WorkFilter([{ name: "mine", versions: [] }]))).toEqual(["yes"]);
    expect(queue.size).toBe(1000);
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
