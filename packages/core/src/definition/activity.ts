import { InvalidArgumentError } from "../errors.ts";
import type { ActivityReference } from "../engine/reference.ts";
import type { InputSurvivesJson, Jsonify } from "../json.ts";
import type { Logger } from "../logger.ts";
import { type Registrable, register } from "./registrable.ts";

/** What an activity sees of its call. */
export interface ActivityContext {
  /** The name under which it was called. */
  readonly name: string;
  /** The orchestration that called it. */
  readonly instanceId: string;
  /** Event id of this attempt within the execution that called it. */
  readonly taskId: number;
  readonly version: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /**
   * Aborted when the worker stops. An activity that then throws is handed back and runs again elsewhere; one that
   * returns has succeeded.
   */
  readonly signal: AbortSignal;
  /** The worker's logger. */
  readonly logger: Logger;
}

/** The code of an activity. It may do anything; it runs at least once for each call. */
export type ActivityFunction<In, Out> = (ctx: ActivityContext, input: In) => Out | Promise<Out>;

/** An activity function of whatever types, as the worker runs it. */
export type AnyActivityFunction = (ctx: ActivityContext, input: never) => unknown;

/** An activity with its name: register it with a worker, and call it from an orchestrator. */
export interface ActivityDefinition<In, Out> extends ActivityReference<In, Out>, Registrable {}

/**
 * Defines an activity under an explicit name, which is what goes over the wire.
 *
 * Input and output travel as JSON: the input's type must survive it (take a string, not a `Date`), and the output is seen
 * by the caller as JSON gives it back. Throws `InvalidArgumentError` for an empty name.
 */
export function defineActivity<In, Out>(
  name: string,
  activity: ActivityFunction<In, Out>,
  ..._check: InputSurvivesJson<In>
): ActivityDefinition<In, Jsonify<Out>> {
  assertDefinable("defineActivity", name, activity);
  return {
    kind: "activity",
    name,
    [register]: (registry) => registry.addActivity(name, activity),
  };
}

/** Names are part of the wire: an empty one would only be found out when it is called. */
export function assertDefinable(what: string, name: unknown, code: unknown): void {
  if (typeof name !== "string" || name === "") {
    throw new InvalidArgumentError(`${what} needs a name that is not empty`);
  }
  if (typeof code !== "function") {
    throw new InvalidArgumentError(`${what}("${name}") needs a function, not ${typeof code}`);
  }
}
