import { createMemoryStore } from "@durabletask/backend";
import { expect, it } from "vitest";
import { openBench } from "./hub-bench.ts";
import { settle } from "./settle.ts";

it("a disk that stands still makes callers wait, then refuses them, and all that waited gets through when it goes on", async () => {
  const bench = await openBench(createMemoryStore);
  const disk = Promise.withResolvers<void>();
  bench.store.gate = disk.promise;
  const input = "x".repeat(4 * 1024 ** 2);
  const starts = Array.from({ length: 100 }, (_, index) => bench.start(`i${index}`, { input }));
  const outcomes = Promise.allSettled(starts);
  await settle();
  // Taken in: 64 million characters. The next 256 million wait.
  expect(bench.hub.stats().liveInstances).toBe(16);
  disk.resolve();
  const refused = (await outcomes).filter(({ status }) => status === "rejected");
  expect(refused).toHaveLength(20);
  expect(refused[0]).toMatchObject({ reason: { code: "RESOURCE_EXHAUSTED" } });
  expect(bench.hub.stats().liveInstances).toBe(80);
});
