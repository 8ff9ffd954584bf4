import { createMemoryStore } from "@durabletask/backend";
import type { OrchestrationState } from "@durabletask/core";
import type { HistoryEvent } from "@durabletask/protobuf";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { expectInvariants } from "../invariants.ts";
import { type CreateMortalStore, createMortalFile } from "../mortal-file.ts";
import { expectCutReplays, HistoryReplayer } from "./history-replayer.ts";
import { interpreter, Journal, labelOf } from "./program-interpreter.ts";
import { endingsOf, type Outcome, TooManyEndings } from "./program-model.ts";
import { type Program, program } from "./program-tree.ts";
import {
  type Answer,
  crew,
  hubOptions,
  type Remains,
  trouble,
  UnsteadyWorld,
} from "./unsteady-world.ts";

/** More runs than a test run has time for: `DURABLETASK_PROPERTY_RUNS=50` makes fifty times as many. */
const more = Number(process.env["DURABLETASK_PROPERTY_RUNS"] ?? 1);

const grounds = [
  ["memory", () => [createMemoryStore()], 500 * more],
  ["SQLite", createMortalFile, 60 * more],
] as const satisfies readonly (readonly [string, CreateMortalStore, number])[];

const scene = fc.record({
  programs: fc.array(program, { minLength: 1, maxLength: 3 }),
  crew,
  hubOptions,
  troubles: fc.array(trouble, { maxLength: 6 }),
});

type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

it.each(grounds)(
  "on %s: whatever is written and whatever breaks, programs end as the model says, and every cut of their histories replays",
  async (_, createStore, numRuns) => {
    let runs = 0;
    const property = fc.asyncProperty(scene, async (scene) => {
      const expected = scene.programs.map(outcomesOf);
      await play(createStore, scene, expected);
      runs += 1;
    });
    await fc.assert(property, { numRuns });
    expect(runs).toBeGreaterThanOrEqual(numRuns);
  },
  60_000 * more,
);

async function play(
  createStore: CreateMortalStore,
  { programs, crew, hubOptions, troubles }: Scene,
  expected: readonly Outcome[][],
): Promise<void> {
  const world = new UnsteadyWorld(...createStore());
  await world.open(crew, hubOptions);
  try {
    const remains = await world.run(programs, troubles);
    for (const [index, outcomes] of expected.entries()) {
      const state = remains.states.find(({ instanceId }) => instanceId === `root-${index}`);
      expect(outcomes).toContainEqual(outcomeOf(state));
    }
    expectTold(world.answers, remains);
    expect(world.suspicions).toEqual([]);
    await expectInvariants(world.store);
    expectExecuted(remains, world.journal);
    await expectEveryCutReplays(remains);
  } finally {
    await world.close();
  }
}

/** Whoever waited for the end has heard how it ended. */
function expectTold(answers: readonly Answer[], { states }: Remains): void {
  const statuses = new Map(states.map(({ instanceId, status }) => [instanceId, status]));
  const ends = answers.filter(({ milestone, status }) => milestone === "end" && status);
  for (const { instanceId, status } of ends) expect(status).toBe(statuses.get(instanceId));
}

function outcomesOf(program: Program): Outcome[] {
  try {
    return endingsOf(program);
  } catch (error) {
    fc.pre(!(error instanceof TooManyEndings));
    throw error;
  }
}

/** Payloads are JSON: what the model expects is compared as they carry it. */
function outcomeOf(state: OrchestrationState | undefined): unknown {
  if (state?.status === "COMPLETED") return { value: state.output };
  if (state?.failure) return { failure: labelOf(new Error(state.failure.errorMessage)) };
  return state?.status;
}

/** What counts as the result of an activity came from one that ran; once, as the invariants say. */
function expectExecuted({ histories }: Remains, journal: Journal): void {
  for (const [instanceId, history] of histories) {
    const executionId = executionOf(history);
    const ended = history.flatMap(({ eventType }) =>
      eventType.case === "taskCompleted" || eventType.case === "taskFailed"
        ? eventType.value.taskScheduledId
        : [],
    );
    const unknown = ended.filter((id) => !journal.hasExecuted(instanceId, executionId, id));
    expect(unknown).toEqual([]);
  }
}

function executionOf(history: readonly HistoryEvent[]): string {
  for (const { eventType } of history) {
    if (eventType.case === "executionStarted") {
      return eventType.value.orchestrationInstance?.executionId ?? "";
    }
  }
  return "";
}

async function expectEveryCutReplays({ histories }: Remains): Promise<void> {
  const replayer = new HistoryReplayer(interpreter(new Journal()));
  await replayer.start();
  for (const history of histories.values()) {
    let turn = 0;
    for (let cut = 1; cut <= history.length; cut += 1) {
      if (history[cut - 1]?.eventType.case === "orchestratorStarted") turn = cut - 1;
      // As the hub hands it out, or as if all of it had been seen or nothing, in turn.
      const past = [turn, cut, 0][cut % 3] ?? 0;
      await expectCutReplays(replayer, history, cut, past);
    }
  }
  expect(replayer.warnings).toEqual([]);
  await replayer.stop();
}
