import { createMemoryStore } from "@durabletask/backend";
import { expect, it } from "vitest";
import type { Fault } from "../faulty-store.ts";
import { expectNoOrphans } from "../invariants.ts";
import { type CreateMortalStore, createMortalFile } from "../mortal-file.ts";
import type { Node, Program } from "./program-tree.ts";
import { UnsteadyWorld } from "./unsteady-world.ts";

/** More runs than a test run has time for: `DURABLETASK_PROPERTY_RUNS=50` makes fifty times as many. */
const more = Number(process.env["DURABLETASK_PROPERTY_RUNS"] ?? 1);

/** The first crash comes at every so many commits. */
const grounds = [
  ["memory", () => [createMemoryStore()], Math.ceil(4 / more)],
  ["SQLite", createMortalFile, Math.ceil(24 / more)],
] as const satisfies readonly (readonly [string, CreateMortalStore, number])[];

const plain = { isNonRetriable: false, byHandler: false } as const;
const act = (label: string, fails = 0) =>
  ({ kind: "activity", label, fails, attempts: fails + 1, ...plain }) as const;

const shipment: Node = {
  kind: "sequence",
  steps: [act("L6"), { kind: "timer", label: "L7", units: 1 }, act("L8", 1)],
};

/** Things to do at once, some of which are tried again; an event; a child that sleeps; and all of it twice. */
const order: Program = {
  style: "async",
  body: {
    kind: "sequence",
    steps: [
      { kind: "whenAll", tasks: [act("L1"), act("L2", 1), act("L3")] },
      { kind: "wait", label: "L4", arrival: 2, timeout: undefined },
      {
        kind: "child",
        label: "L5",
        body: shipment,
        style: "yield*",
        attempts: 1,
        hasChosenId: true,
      },
      { kind: "siblings", label: "L9" },
    ],
  },
  generations: 2,
};

const crashes: readonly Fault[] = ["died, lost", "died, kept", "lost", "kept"];

/** So many commits after one crash comes the next: at once, while the hub is opened again, or when work goes on. */
const sequels: readonly (readonly number[])[] = [[], [0], [1], [5], [0, 0, 0], [4, 4, 4, 4]];

it.each(grounds)(
  "on %s: whichever commits fail or are the last of their process, all that was begun ends, and all who wait are told",
  async (_, createStore, every) => {
    const { commits } = await play(createStore, []);
    expect(commits).toBeGreaterThan(20);
    let first = 0;
    for (const crash of crashes) {
      for (const sequel of sequels) {
        for (first %= every; first < commits; first += every) {
          const faults = [first, ...sequel].flatMap((count) => faultAfter(count, crash));
          expect((await play(createStore, faults)).struck).toBeGreaterThan(0);
        }
        // Another one each time: all of them are tried.
        first += 1;
      }
    }
  },
  120_000 * more,
);

function faultAfter(count: number, crash: Fault): Fault[] {
  return [...Array<Fault>(count).fill("none"), crash];
}

/** Runs two orders to their end. Gives how many commits that took, and how many faults came about. */
async function play(
  createStore: CreateMortalStore,
  faults: readonly Fault[],
): Promise<{ commits: number; struck: number }> {
  const world = new UnsteadyWorld(...createStore());
  await world.open([{ sessions: {} }]);
  try {
    const { states } = await world.run([order, order], [], faults);
    expect(states.map(({ status }) => status)).toEqual(states.map(() => "COMPLETED"));
    // Each root has one child and a pair of siblings in each generation.
    expect(states).toHaveLength(2 + 2 * 2 * 3);
    const ends = world.answers.filter(({ milestone }) => milestone === "end");
    expect(ends.map(({ status }) => status)).toEqual(["COMPLETED", "COMPLETED"]);
    expect(world.suspicions).toEqual([]);
    await expectNoOrphans(world.store, world.store.batches);
    return { commits: world.store.batches.length, struck: world.store.struck };
  } finally {
    await world.close();
  }
}
