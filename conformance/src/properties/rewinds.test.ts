import { createMemoryStore } from "@durabletask/backend";
import type { HistoryEvent } from "@durabletask/protobuf";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { expectNoOrphans } from "../invariants.ts";
import { type CreateMortalStore, createMortalFile } from "../mortal-file.ts";
import { HistoryReplayer } from "./history-replayer.ts";
import { interpreter, Journal } from "./program-interpreter.ts";
import type { Node, Program, TaskNode } from "./program-tree.ts";
import { program } from "./program-tree.ts";
import { crew, type Remains, type Trouble, trouble, UnsteadyWorld } from "./unsteady-world.ts";

/** More runs than a test run has time for: `DURABLETASK_PROPERTY_RUNS=50` makes fifty times as many. */
const more = Number(process.env["DURABLETASK_PROPERTY_RUNS"] ?? 1);

const grounds = [
  ["memory", () => [createMemoryStore()], 300 * more],
  ["SQLite", createMortalFile, 40 * more],
] as const satisfies readonly (readonly [string, CreateMortalStore, number])[];

type Unlabelled =
  | Omit<TaskNode & { readonly kind: "activity" }, "label">
  | Omit<TaskNode & { readonly kind: "timer" }, "label">
  | (Omit<TaskNode & { readonly kind: "child" }, "label" | "body"> & {
      readonly steps: readonly Unlabelled[];
    });

const size = { minLength: 1, maxLength: 4 };
const units = fc.integer({ min: 1, max: 3 });

function activity(fails: fc.Arbitrary<number>) {
  return fc.record({
    kind: fc.constant("activity" as const),
    fails,
    isNonRetriable: fc.constant(false),
    attempts: fc.constantFrom(1, 1, 3),
    byHandler: fc.boolean(),
  });
}

function child(steps: fc.Arbitrary<readonly Unlabelled[]>) {
  return fc.record({
    kind: fc.constant("child" as const),
    steps,
    style: fc.constant("async" as const),
    attempts: fc.constantFrom(1, 1, 2),
    hasChosenId: fc.boolean(),
  });
}

/** Programs that fail only because activities do: nothing waits for an event that does not come. */
const failing = program
  .map((tree): Program => ({ ...tree, body: withoutWaits(tree.body) }))
  .filter(({ body }) => mayFail(body));

const step = fc.oneof(
  { weight: 4, arbitrary: activity(fc.constantFrom(0, 0, 0, 1, 3)) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("timer" as const), units }) },
);

/** Branches that catch nothing and run on while another one is retried, in vain. */
const branching = fc
  .record({
    style: fc.constantFrom("async" as const, "async yield" as const),
    branches: fc.array(fc.array(fc.oneof(step, child(fc.array(step, size))), size), size),
  })
  .map(({ style, branches }): Program => {
    let last = 0;
    const labelled = (part: Unlabelled): Node => {
      const label = `L${++last}`;
      if (part.kind !== "child") return { ...part, label };
      const body: Node = { kind: "sequence", steps: part.steps.map(labelled) };
      return { ...part, label, body };
    };
    const sequences = branches.map((steps): Node => ({
      kind: "sequence",
      steps: steps.map(labelled),
    }));
    return { style, body: { kind: "together", how: "all", branches: sequences }, generations: 1 };
  })
  .filter(({ body }) => mayFail(body));

const scene = fc.record({
  program: fc.oneof(failing, branching),
  crew,
  troubles: fc.oneof(fc.constant([]), fc.array(trouble, { maxLength: 3 })),
});

it.each(grounds)(
  "rule 20, on %s: whatever has failed and however it was caught, a rewound history replays, and once all is healed it ends",
  async (_, createStore, numRuns) => {
    let rewinds = 0;
    const property = fc.asyncProperty(scene, async ({ program, crew, troubles }) => {
      rewinds += await play(createStore, program, crew, troubles);
    });
    await fc.assert(property, { numRuns });
    // Most of the programs do fail.
    expect(rewinds).toBeGreaterThan(numRuns / 4);
  },
  60_000 * more,
);

async function play(
  createStore: CreateMortalStore,
  program: Program,
  workers: Parameters<UnsteadyWorld["open"]>[0],
  troubles: readonly Trouble[],
): Promise<number> {
  const world = new UnsteadyWorld(...createStore());
  await world.open(workers);
  try {
    let remains = await world.run([program], []);
    if (statusOf(remains) !== "FAILED") return 0;
    world.isHealed = true;
    let rewinds = 0;
    // A failure that the code had dealt with stays, unless it turns out to be the reason: each rewind takes one more back.
    for (; statusOf(remains) === "FAILED"; rewinds += 1) {
      expect(rewinds).toBeLessThan(10);
      remains = await world.rewind("root-0", rewinds === 0 ? troubles : []);
      expect(world.suspicions).toEqual([]);
    }
    expect(statusOf(remains)).toBe("COMPLETED");
    expectKeysOfTheirOwn(world.journal);
    if (troubles.length === 0) expectNothingTwice(world.journal, program);
    await expectNoOrphans(world.store, world.store.batches);
    await expectReplays(remains);
    return rewinds;
  } finally {
    await world.close();
  }
}

function statusOf({ states }: Remains): string | undefined {
  return states.find(({ instanceId }) => instanceId === "root-0")?.status;
}

/** No two calls share an idempotency key, although event ids are used again. */
function expectKeysOfTheirOwn({ successes }: Journal): void {
  const labels = new Map<string, string>();
  for (const { key, label } of successes) {
    expect(labels.get(key) ?? label).toBe(label);
    labels.set(key, label);
  }
}

/** What has succeeded is not run again, unless it may have been done because of the failure. */
function expectNothingTwice({ successes }: Journal, { body }: Program): void {
  const keys = successes.map(({ key }) => key);
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  if (catches(body)) return;
  const labels = successes.map(
    ({ key, label }) => `${key.slice(0, key.lastIndexOf(":"))} ${label}`,
  );
  expect(labels.filter((label, index) => labels.indexOf(label) !== index)).toEqual([]);
}

/** From scratch, the histories lead to the ends that they had. */
async function expectReplays({ histories }: Remains): Promise<void> {
  const replayer = new HistoryReplayer(interpreter(new Journal()));
  await replayer.start();
  for (const history of histories.values()) {
    const ended = history.at(-1)?.eventType;
    if (ended?.case !== "executionCompleted") continue;
    const turn = history.findLastIndex(isTurnStart);
    const fresh = history.slice(turn).filter((event) => !isRecord(event));
    const response = await replayer.replay(history.slice(0, turn), fresh);
    const last = response?.actions.at(-1)?.orchestratorActionType;
    expect(last).toMatchObject({
      case: "completeOrchestration",
      value: { orchestrationStatus: ended.value.orchestrationStatus },
    });
  }
  expect(replayer.warnings).toEqual([]);
  await replayer.stop();
}

function isTurnStart({ eventType }: HistoryEvent): boolean {
  return eventType.case === "orchestratorStarted";
}

function isRecord({ eventId }: HistoryEvent): boolean {
  return eventId >= 0;
}

function withoutWaits(node: Node): Node {
  switch (node.kind) {
    case "sequence":
      return { ...node, steps: node.steps.map(withoutWaits) };
    case "guard":
      return { ...node, body: withoutWaits(node.body) };
    case "together":
      return { ...node, branches: node.branches.map(withoutWaits) };
    case "wait":
    case "whenAll":
    case "whenAny":
    case "child":
      return taskWithoutWaits(node);
    default:
      return node;
  }
}

function taskWithoutWaits(task: TaskNode): TaskNode {
  switch (task.kind) {
    case "wait":
      return { kind: "timer", label: task.label, units: task.timeout ?? 1 };
    case "child":
      return { ...task, body: withoutWaits(task.body) };
    case "whenAll":
    case "whenAny":
      return { ...task, tasks: task.tasks.map(taskWithoutWaits) };
    default:
      return task;
  }
}

function partsOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "sequence":
      return node.steps;
    case "guard":
    case "child":
      return [node.body];
    case "together":
      return node.branches;
    case "whenAll":
    case "whenAny":
      return node.tasks;
    default:
      return [];
  }
}

function mayFail(node: Node): boolean {
  if (node.kind === "activity") return node.fails > 0;
  return partsOf(node).some(mayFail);
}

/** Whether the code may go on to something else after a failure. */
function catches(node: Node): boolean {
  if (node.kind === "guard" || node.kind === "whenAny") return true;
  if (node.kind === "together" && node.how !== "all") return true;
  return partsOf(node).some(catches);
}
