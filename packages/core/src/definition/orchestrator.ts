import type { OrchestrationContext } from "../engine/context.ts";
import type { OrchestratorReference } from "../engine/reference.ts";
import type { Task } from "../engine/task.ts";
import type { InputSurvivesJson, Jsonify } from "../json.ts";
import { assertDefinable } from "./activity.ts";
import { type Registrable, register } from "./registrable.ts";

/**
 * The code of an orchestrator: an async function that awaits tasks, or a generator that says `yield* task`. Generators
 * with plain `yield task`, as they are written for `@microsoft/durabletask-js` and Durable Functions, run too.
 */
export type OrchestratorFunction<In, Out> = (
  ctx: OrchestrationContext,
  input: In,
) => Promise<Out> | Generator<Task<unknown>, Out, never> | AsyncGenerator<unknown, Out, never>;

/** An orchestrator with its name: register it with a worker, schedule it with a client, call it as a child. */
export interface OrchestratorDefinition<In, Out>
  extends OrchestratorReference<In, Out>, Registrable {}

/**
 * Defines an orchestrator under an explicit name, which is what goes over the wire.
 *
 * The code must be deterministic: see {@link OrchestrationContext}. Input and output travel as JSON, as those of
 * activities do. Throws `InvalidArgumentError` for an empty name.
 */
export function defineOrchestrator<In, Out>(
  name: string,
  orchestrator: OrchestratorFunction<In, Out>,
  ..._check: InputSurvivesJson<In>
): OrchestratorDefinition<In, Jsonify<Out>> {
  assertDefinable("defineOrchestrator", name, orchestrator);
  return {
    kind: "orchestrator",
    name,
    [register]: (registry) => registry.addOrchestrator(name, orchestrator),
  };
}
