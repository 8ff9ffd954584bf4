import type { OrchestrationContext } from "../engine/context.ts";
import type { AnyOrchestratorFunction } from "../engine/program.ts";
import type { OrchestratorReference } from "../engine/reference.ts";
import type { Task } from "../engine/task.ts";
import type { InputSurvivesJson, Jsonify } from "../json.ts";
import type { JsonOf, PayloadFormat, ReceivedAs, SentAs } from "../payload-format.ts";
import { type DefinitionOptions, type OutputAs, readDefinition } from "./activity.ts";
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
export interface OrchestratorDefinition<In, Out, Raw = Out>
  extends OrchestratorReference<In, Out, Raw>, Registrable {}

/** What is seen of an orchestrator's output without its schema or codec. */
export type RawOutputAs<Output, Out> = Output extends PayloadFormat ? JsonOf<Output> : Jsonify<Out>;

/**
 * Defines an orchestrator under an explicit name, which is what goes over the wire.
 *
 * The code must be deterministic: see {@link OrchestrationContext}. Input and output travel as those of activities do:
 * see {@link defineActivity}. Throws `InvalidArgumentError` for an empty name.
 */
export function defineOrchestrator<In, Out>(
  name: string,
  orchestrator: OrchestratorFunction<In, Out> & InputSurvivesJson<In>,
): OrchestratorDefinition<In, Jsonify<Out>>;
export function defineOrchestrator<
  Input extends PayloadFormat,
  Out extends SentAs<Output>,
  Output extends PayloadFormat | undefined = undefined,
>(
  name: string,
  options: DefinitionOptions<Input, Output> & { readonly input: Input },
  orchestrator: OrchestratorFunction<ReceivedAs<Input>, Out>,
): OrchestratorDefinition<SentAs<Input>, OutputAs<Output, Out>, RawOutputAs<Output, Out>>;
export function defineOrchestrator<
  In,
  Out extends SentAs<Output>,
  Output extends PayloadFormat | undefined = undefined,
>(
  name: string,
  options: DefinitionOptions<undefined, Output>,
  orchestrator: OrchestratorFunction<In, Out> & InputSurvivesJson<In>,
): OrchestratorDefinition<In, OutputAs<Output, Out>, RawOutputAs<Output, Out>>;
export function defineOrchestrator(
  name: string,
  first:
    | AnyOrchestratorFunction
    | DefinitionOptions<PayloadFormat | undefined, PayloadFormat | undefined>,
  ...rest: readonly unknown[]
): OrchestratorDefinition<unknown, never> {
  const { run, ...facts } = readDefinition("orchestrator", name, first, rest[0]);
  return {
    kind: "orchestrator",
    name,
    ...facts,
    [register]: (registry) => registry.addOrchestrator(name, { run, ...facts }),
  };
}
