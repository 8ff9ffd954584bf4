import { createMemoryStore } from "@durabletask/backend";
import { createSqliteStore } from "@durabletask/sqlite";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { openBench } from "../hub-bench.ts";
import { expectInvariants } from "../invariants.ts";
import { temporaryFile } from "../temporary-file.ts";
import { oddDay, OddWorkers } from "./odd-workers.ts";

/** More runs than a test run has time for: `DURABLETASK_PROPERTY_RUNS=50` makes fifty times as many. */
const more = Number(process.env["DURABLETASK_PROPERTY_RUNS"] ?? 1);

const grounds = [
  ["memory", createMemoryStore, 200 * more],
  ["SQLite", () => createSqliteStore(temporaryFile(), { thread: false }), 30 * more],
] as const;

it.each(grounds)(
  "on %s: whatever workers do and whenever the process dies, all that was begun ends once somebody does the work",
  async (_, createStore, numRuns) => {
    let runs = 0;
    const property = fc.asyncProperty(oddDay, async (steps) => {
      const bench = await openBench(createStore, { maxAttempts: 1_000, maxHistoryEvents: 30 });
      const workers = new OddWorkers(bench);
      for (const step of steps) await workers.take(step);
      await workers.finish();
      await expectInvariants(bench.store);
      await bench.close();
      runs += 1;
    });
    await fc.assert(property, { numRuns });
    expect(runs).toBeGreaterThanOrEqual(numRuns);
  },
  60_000 * more,
);
