import { OrchestrationStatus } from "@durabletask/protobuf";
import { expect } from "vitest";
import { fail, schedule } from "./actions.ts";
import type { HubBench } from "./hub-bench.ts";
import type { ActivityCall, ScriptedWorker } from "./scripted-worker.ts";

/** How activities fail. */
export const failureDetails = {
  $typeName: "TaskFailureDetails" as const,
  errorType: "Error",
  errorMessage: "no",
  isNonRetriable: false,
  properties: {},
};

/** Takes so many activities, and ends each with what is said of its name; without a result it fails. */
export async function finishAll(
  worker: ScriptedWorker,
  count: number,
  results: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const calls = [];
  for (let index = 0; index < count; index++) calls.push(await worker.activity());
  for (const call of calls) {
    const result = results[call.request.name];
    await worker.finish(call, result, result === undefined ? { failureDetails } : {});
  }
}

/** Starts "a", which asks for all of this and fails with what is called bad. Gives the call that is called slow. */
export async function failBeside(
  bench: HubBench,
  actions: readonly ReturnType<typeof schedule>[],
): Promise<ActivityCall> {
  await bench.start("a");
  const worker = bench.worker();
  await worker.run(...actions);
  let slow: ActivityCall | undefined;
  for (const _ of actions) {
    const call = await worker.activity();
    if (call.request.name === "slow") slow = call;
    if (call.request.name === "bad") await worker.finish(call, undefined, { failureDetails });
  }
  await worker.run(fail(9));
  expect((await bench.state("a")).orchestrationStatus).toBe(OrchestrationStatus.FAILED);
  if (!slow) throw new Error("there is no slow activity");
  return slow;
}

/** The same, but the slow one was asked for after the first failure of the bad one, and beside its retry. */
export async function failBesideLater(bench: HubBench): Promise<ActivityCall> {
  await bench.start("a");
  const worker = bench.worker();
  await worker.run(schedule(1, "bad"), schedule(2, "x"));
  await finishAll(worker, 2, { bad: undefined, x: "1" });
  await worker.run(schedule(3, "bad"), schedule(4, "slow"));
  const calls = [await worker.activity(), await worker.activity()];
  const bad = calls.find(({ request }) => request.name === "bad");
  const slow = calls.find(({ request }) => request.name === "slow");
  if (!bad || !slow) throw new Error("there are no such activities");
  await worker.finish(bad, undefined, { failureDetails });
  await worker.run(fail(5));
  return slow;
}
