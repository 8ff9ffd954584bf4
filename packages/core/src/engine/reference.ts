import { InvalidArgumentError } from "../errors.ts";
import type { PayloadCoder } from "../payload-format.ts";

/** What a definition says of itself to whoever calls it. */
interface Reference {
  readonly name: string;
  /** The version to call, where the caller says none. */
  readonly version?: string | undefined;
  /** What its input goes through, where it has a schema or a codec. */
  readonly input?: PayloadCoder | undefined;
  /** What its output goes through. */
  readonly output?: PayloadCoder | undefined;
}

/**
 * How an orchestrator names what it calls: by a definition, by a plain named function, or by a name.
 *
 * `signature` exists for the compiler only. `In` is what the caller passes, `Out` what it gets back.
 */
export interface ActivityReference<In, Out> extends Reference {
  readonly kind: "activity";
  readonly signature?: (input: In) => Out;
}

/** The same for an orchestrator. `Raw` is its output as plain JSON: what is seen without its schema or codec. */
export interface OrchestratorReference<In, Out, Raw = Out> extends Reference {
  readonly kind: "orchestrator";
  readonly signature?: (input: In) => Out;
  readonly raw?: Raw;
}

/** A name for an external event that carries the type of its payload: `Sent` goes in, `Payload` comes out. */
export interface EventReference<Payload, Sent = Payload> {
  readonly kind: "event";
  readonly name: string;
  /** What the payload goes through, where the event has a schema or a codec. */
  readonly coder?: PayloadCoder | undefined;
  readonly signature?: (sent: Sent) => Payload;
}

/** Any activity function, seen by an orchestrator: what it gets besides the input is the worker's business. */
export type CallableActivity<In, Out> = (ctx: never, input: In) => Out | Promise<Out>;

/** Any orchestrator function, seen by another one. */
export type CallableOrchestrator<In, Out> = (
  ctx: never,
  input: In,
) => Promise<Out> | Generator<unknown, Out, never> | AsyncGenerator<unknown, Out, never>;

/** Input and options of a call; the input may be left out where the callee takes none. */
export type CallArguments<In, Options> = undefined extends In
  ? [input?: In, options?: Options]
  : [input: In, options?: Options];

/** What is called: a reference, a function, or a name. */
export type Callee = string | ({ readonly name: string } & Partial<Reference>);

/** What a callee says of itself; a name says nothing else. Throws `InvalidArgumentError` for what has none. */
export function referenceOf(
  call: string,
  callee: Callee | undefined,
): { readonly name: string } & Partial<Reference> {
  const reference = typeof callee === "string" ? { name: callee } : callee;
  if (typeof reference?.name === "string" && reference.name !== "") return reference;
  throw new InvalidArgumentError(
    callee === undefined
      ? `${call} was given undefined: is the module of the definition part of a circle of imports?`
      : `${call} needs a name; an anonymous function has none: use define* or pass a name`,
  );
}
