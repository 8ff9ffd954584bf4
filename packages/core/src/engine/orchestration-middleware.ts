import type { OrchestrationContext } from "./context.ts";

/** What runs around an orchestrator: see `Middleware`. */
export type OrchestrationMiddleware = (
  ctx: OrchestrationContext,
  input: unknown,
  next: (input: unknown) => Promise<unknown>,
) => Promise<unknown>;

/** Puts layers around a function, the first one outermost. */
export function wrap<Context>(
  layers: readonly ((
    ctx: Context,
    input: unknown,
    next: (input: unknown) => Promise<unknown>,
  ) => Promise<unknown>)[],
  ctx: Context,
  innermost: (input: unknown) => Promise<unknown>,
): (input: unknown) => Promise<unknown> {
  return layers.reduceRight<(input: unknown) => Promise<unknown>>(
    (next, layer) => (input) => layer(ctx, input, next),
    innermost,
  );
}
