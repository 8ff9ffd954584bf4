import { InvalidArgumentError } from "../errors.ts";
import type { TaskLogger } from "../engine/context.ts";
import type { ActivityReference } from "../engine/reference.ts";
import type { InputSurvivesJson, Jsonify } from "../json.ts";
import {
  createCoder,
  type PayloadCoder,
  type PayloadFormat,
  type ReceivedAs,
  type SentAs,
} from "../payload-format.ts";
import { type Registrable, register } from "./registrable.ts";

/** What an activity sees of its call: plain facts, which may be taken apart (`{ signal }`) and copied (`{ ...ctx }`). */
export interface ActivityContext {
  /** The name under which it was called. */
  readonly name: string;
  /** The orchestration that called it. */
  readonly instanceId: string;
  /** Event id of this attempt within the execution that called it. */
  readonly taskId: number;
  /**
   * The same for every execution of this call: when it is delivered again, retried by a policy, or rewound. Hand it to what
   * the activity calls, so that nothing is done twice. `{instanceId}:{executionId}:{event id of the first attempt}`; for a
   * call that comes about only after a rewind, that id is followed by `~` and how often the orchestration was rewound, since
   * event ids are used again. On a hub that drops tags, retries have keys of their own.
   */
  readonly idempotencyKey: string;
  readonly version: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /**
   * Aborted when the worker stops. An activity that then throws is handed back and runs again elsewhere; one that
   * returns has succeeded.
   */
  readonly signal: AbortSignal;
  /** The worker's logger; each line names the instance and the activity. */
  readonly logger: TaskLogger;
}

/** The code of an activity. It may do anything; it runs at least once for each call. */
export type ActivityFunction<In, Out> = (ctx: ActivityContext, input: In) => Out | Promise<Out>;

/** An activity function of whatever types, as the worker runs it. */
export type AnyActivityFunction = (ctx: ActivityContext, input: never) => unknown;

/** An activity as a worker has it. */
export interface RegisteredActivity {
  readonly run: AnyActivityFunction;
  readonly version?: string | undefined;
  readonly input?: PayloadCoder | undefined;
  readonly output?: PayloadCoder | undefined;
}

/** An activity with its name: register it with a worker, and call it from an orchestrator. */
export interface ActivityDefinition<In, Out> extends ActivityReference<In, Out>, Registrable {}

/** What a definition may say besides its name and its code. */
export interface DefinitionOptions<Input, Output> {
  /** A schema (Standard Schema: Zod, Valibot, ...) that checks the input where it is received, or a codec. */
  readonly input?: Input | undefined;
  /** The same for the output: a schema checks it where the caller receives it. */
  readonly output?: Output | undefined;
  /** Several versions of one name can be registered side by side. Default: none. */
  readonly version?: string | undefined;
}

/**
 * Defines an activity under an explicit name, which is what goes over the wire.
 *
 * Input and output travel as JSON. Without a schema or a codec the input's type must survive that (take a string, not a
 * `Date`), and the caller sees the output as JSON gives it back. With one, it decides. Several arguments are one tuple.
 * Throws `InvalidArgumentError` for an empty name.
 */
export function defineActivity<In, Out>(
  name: string,
  activity: ActivityFunction<In, Out> & InputSurvivesJson<In>,
): ActivityDefinition<In, Jsonify<Out>>;
export function defineActivity<
  Input extends PayloadFormat,
  Out extends SentAs<Output>,
  Output extends PayloadFormat | undefined = undefined,
>(
  name: string,
  options: DefinitionOptions<Input, Output> & { readonly input: Input },
  activity: ActivityFunction<ReceivedAs<Input>, Out>,
): ActivityDefinition<SentAs<Input>, OutputAs<Output, Out>>;
export function defineActivity<
  In,
  Out extends SentAs<Output>,
  Output extends PayloadFormat | undefined = undefined,
>(
  name: string,
  options: DefinitionOptions<undefined, Output>,
  activity: ActivityFunction<In, Out> & InputSurvivesJson<In>,
): ActivityDefinition<In, OutputAs<Output, Out>>;
export function defineActivity(
  name: string,
  first:
    | AnyActivityFunction
    | DefinitionOptions<PayloadFormat | undefined, PayloadFormat | undefined>,
  ...rest: readonly unknown[]
): ActivityDefinition<unknown, never> {
  const { run, ...facts } = readDefinition("activity", name, first, rest[0]);
  return {
    kind: "activity",
    name,
    ...facts,
    [register]: (registry) => registry.addActivity(name, { run, ...facts }),
  };
}

/** What the caller of a definition sees of its output. */
export type OutputAs<Output, Out> = Output extends PayloadFormat
  ? ReceivedAs<Output>
  : Jsonify<Out>;

/** `(name, code)` or `(name, options, code)`, with formats put to work. */
export function readDefinition<Code extends AnyCode>(
  kind: "activity" | "orchestrator",
  name: string,
  first: Code | DefinitionOptions<PayloadFormat | undefined, PayloadFormat | undefined>,
  second: unknown,
): {
  readonly run: Code;
  readonly version: string | undefined;
  readonly input: PayloadCoder | undefined;
  readonly output: PayloadCoder | undefined;
} {
  const { input, output, version } = isCode<Code>(first) ? noOptions : first;
  const run = isCode<Code>(first) ? first : second;
  assertDefinable(kind === "activity" ? "defineActivity" : "defineOrchestrator", name, run);
  if (!isCode<Code>(run)) throw new InvalidArgumentError(`${kind} '${name}' has no code`);
  return {
    run,
    version,
    input: input && createCoder(input, `the input of ${kind} '${name}'`),
    output: output && createCoder(output, `the output of ${kind} '${name}'`),
  };
}

type AnyCode = (ctx: never, input: never) => unknown;

const noOptions: DefinitionOptions<PayloadFormat, PayloadFormat> = {};

/** The type of the code is what the overloads have let through. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows which kind of code it reads
function isCode<Code extends AnyCode>(value: unknown): value is Code {
  return typeof value === "function";
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
