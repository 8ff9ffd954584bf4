import type {
  ActivityResponse,
  OrchestratorAction,
  OrchestratorResponse,
} from "@durabletask/protobuf";
import { callOf } from "../engine/action-log.ts";
import { withoutPages } from "../errors.ts";
import { createFailure } from "../failure.ts";
import { failedAction } from "./failed-turn.ts";

const advice =
  "Pass a key or an address in place of the value, or split it; or let the hub take larger messages.";

/**
 * What takes the place of a part of a completion that its hub has refused: the instance fails, since the same turn would come
 * to the same end for ever. Parts that the hub has taken before stay: they are what the turn did before it failed.
 */
export function tooLargeTurn(
  part: OrchestratorResponse,
  bytes: number,
  refusal: unknown,
): OrchestratorResponse {
  const what = part.actions.length === 1 ? part.actions.map(nameOf).join() : "a turn";
  const failure = createFailure("PayloadTooLarge", complaint(what, bytes, refusal), true);
  const actions = [failedAction(failure)];
  return { ...part, actions, customStatus: undefined, isPartial: false };
}

/** What takes the place of the result of an activity that its hub has refused: run again, it would be as large. */
export function tooLargeResult(
  response: ActivityResponse,
  bytes: number,
  refusal: unknown,
): ActivityResponse {
  const message = complaint("the result of the activity", bytes, refusal);
  const failureDetails = createFailure("PayloadTooLarge", message, true);
  return { ...response, result: undefined, failureDetails };
}

function complaint(what: string, bytes: number, refusal: unknown): string {
  const reason = refusal instanceof Error ? `: ${withoutPages(refusal.message)}` : "";
  const megabytes = (bytes / 1_000_000).toFixed(2);
  return `${what} takes ${megabytes} MB, which its task hub does not take${reason}. ${advice}`;
}

function nameOf({ id, orchestratorActionType: type }: OrchestratorAction): string {
  if (type.case === "completeOrchestration") return "the end of the orchestration";
  const { kind, name } = callOf(type);
  return name === "" ? `${kind} #${id}` : `${kind} '${name}' (#${id})`;
}
