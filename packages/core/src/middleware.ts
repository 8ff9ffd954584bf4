import type { ActivityContext } from "./definition/activity.ts";
import type { OrchestrationMiddleware } from "./engine/orchestration-middleware.ts";

/**
 * What runs around orchestrations and activities, in and out: the first one given to `worker.use` is the outermost.
 *
 * `next` runs what is inside, with the input that it is given, and resolves with the result. Call it once; what is returned
 * or thrown instead is what the outside sees. Around an orchestration it runs inside the turn, under the same rules as the
 * orchestrator: deterministic, waiting only for what is durable, and part of what a history depends on.
 */
export interface Middleware {
  readonly orchestration?: OrchestrationMiddleware | undefined;
  readonly activity?: ActivityMiddleware | undefined;
}

/** What runs around an activity: see {@link Middleware}. */
export type ActivityMiddleware = (
  ctx: ActivityContext,
  input: unknown,
  next: (input: unknown) => Promise<unknown>,
) => Promise<unknown>;
