/**
 * How an orchestrator names what it calls: by a definition, by a plain named function, or by a name.
 *
 * `signature` exists for the compiler only; it carries the types of input and output, as JSON gives them back.
 */
export interface ActivityReference<In, Out> {
  readonly kind: "activity";
  readonly name: string;
  readonly signature?: (input: In) => Out;
}

export interface OrchestratorReference<In, Out> {
  readonly kind: "orchestrator";
  readonly name: string;
  readonly signature?: (input: In) => Out;
}

/** A name for an external event that carries the type of its payload. */
export interface EventReference<Payload> {
  readonly kind: "event";
  readonly name: string;
  readonly payload?: Payload;
}

/** Any activity function, seen by an orchestrator: what it gets besides the input is the worker's business. */
export type CallableActivity<In, Out> = (ctx: never, input: In) => Out | Promise<Out>;

/** Any orchestrator function, seen by another one. */
export type CallableOrchestrator<In, Out> = (
  ctx: never,
  input: In,
) => Promise<Out> | Iterator<unknown, Out, never> | AsyncIterator<unknown, Out, never>;

/** Input and options of a call; the input may be left out where the callee takes none. */
export type CallArguments<In, Options> = undefined extends In
  ? [input?: In, options?: Options]
  : [input: In, options?: Options];

/** The name that a reference, a function or a string stands for. */
export function nameOf(reference: string | { readonly name: string }): string {
  return typeof reference === "string" ? reference : reference.name;
}
