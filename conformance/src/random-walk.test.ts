import { createMemoryStore } from "@durabletask/backend";
import { createSqliteStore } from "@durabletask/sqlite";
import { assert, asyncProperty } from "fast-check";
import { expect, it } from "vitest";
import type { CreateStore } from "./hub-bench.ts";
import { openBench } from "./hub-bench.ts";
import { RandomWalk, walk } from "./random-walk.ts";
import { temporaryFile } from "./temporary-file.ts";

const grounds = [
  ["memory", createMemoryStore, 150],
  ["SQLite", () => createSqliteStore(temporaryFile(), { thread: false }), 20],
] as const;

it.each(grounds)(
  "on %s: whatever happens in whatever order, the hub is sound and nothing is lost",
  async (_, createStore, numRuns) => {
    let walks = 0;
    const property = asyncProperty(walk, async (steps) => {
      await stroll(createStore, steps);
      walks++;
    });
    await assert(property, { numRuns });
    expect(walks).toBe(numRuns);
  },
  60_000,
);

async function stroll(
  createStore: CreateStore,
  steps: Parameters<RandomWalk["take"]>[0][],
): Promise<void> {
  const bench = await openBench(createStore);
  const random = new RandomWalk(bench);
  for (const step of steps) await random.take(step);
  await random.finish();
  await bench.close();
}
