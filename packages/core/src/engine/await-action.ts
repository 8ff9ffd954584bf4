import type { HistoryEvent, OrchestratorAction } from "@durabletask/protobuf";
import { InvalidArgumentError } from "../errors.ts";
import type { OrchestrationContext } from "./context.ts";
import type { Task } from "./task.ts";

/** What the context of the engine has besides what orchestrators see. */
interface ActionScheduler {
  scheduleAction(
    type: OrchestratorAction["orchestratorActionType"],
    isEndedBy: (event: HistoryEvent, id: number) => boolean,
  ): Task<HistoryEvent>;
}

/**
 * Asks the hub for any action, and waits for the event that ends it: what extensions are made of.
 *
 * `isEndedBy` gets each history event that nobody else waits for, with the id of the action. It must be pure. The event that
 * records the action is checked by the engine, as for every other call.
 */
export function awaitAction(
  ctx: OrchestrationContext,
  type: OrchestratorAction["orchestratorActionType"],
  isEndedBy: (event: HistoryEvent, id: number) => boolean,
): Task<HistoryEvent> {
  if (canSchedule(ctx)) return ctx.scheduleAction(type, isEndedBy);
  throw new InvalidArgumentError("awaitAction needs the context that the orchestrator was given");
}

function canSchedule(ctx: object): ctx is ActionScheduler {
  return "scheduleAction" in ctx;
}
