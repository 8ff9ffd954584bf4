import type { EventRaisedEvent, HistoryEvent, OrchestratorAction } from "@durabletask/protobuf";
import { OrchestrationStatus } from "@durabletask/protobuf";
import type { PayloadCoder } from "../payload-format.ts";
import { toAction } from "./action-log.ts";
import type { Execution } from "./execution.ts";
import type { NextExecution } from "./session-context.ts";
import { timestampFromMs } from "./timestamp.ts";

/** How an execution ended. */
export type Outcome =
  | {
      readonly kind: "returned";
      readonly value: unknown;
      readonly coder?: PayloadCoder | undefined;
    }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "continuedAsNew"; readonly next: NextExecution }
  | { readonly kind: "terminated"; readonly output: string | undefined };

/** The action that ends an execution. */
export function completion(id: number, outcome: Outcome, execution: Execution): OrchestratorAction {
  return toAction(id, {
    case: "completeOrchestration",
    value: {
      $typeName: "CompleteOrchestrationAction",
      carryoverEvents: [],
      tags: {},
      ...fields(outcome, execution),
    },
  });
}

type Completion = Extract<
  OrchestratorAction["orchestratorActionType"],
  { case: "completeOrchestration" }
>["value"];

function fields(
  outcome: Outcome,
  execution: Execution,
): Partial<Completion> & Pick<Completion, "orchestrationStatus"> {
  switch (outcome.kind) {
    case "returned":
      return returned(outcome, execution);
    case "threw":
      return threw(outcome.error, execution);
    case "terminated":
      return { orchestrationStatus: OrchestrationStatus.TERMINATED, result: outcome.output };
    case "continuedAsNew":
      return {
        orchestrationStatus: OrchestrationStatus.CONTINUED_AS_NEW,
        result: outcome.next.input,
        newVersion: outcome.next.newVersion,
        carryoverEvents: carryover(outcome.next, execution),
      };
    default:
      return outcome satisfies never;
  }
}

function returned(
  { value, coder }: Outcome & { readonly kind: "returned" },
  execution: Execution,
): ReturnType<typeof fields> {
  try {
    const { converter } = execution.options;
    return {
      orchestrationStatus: OrchestrationStatus.COMPLETED,
      result: converter.serialize(coder ? coder.encode(value) : value),
    };
  } catch (error) {
    return threw(error, execution);
  }
}

function threw(error: unknown, execution: Execution): ReturnType<typeof fields> {
  return {
    orchestrationStatus: OrchestrationStatus.FAILED,
    failureDetails: execution.options.failureOf(error),
  };
}

/** Events that nobody has awaited, as they came; the hub puts them before what it still holds itself. */
function carryover({ saveEvents }: NextExecution, execution: Execution): HistoryEvent[] {
  const events = execution.events.takeAll();
  if (!saveEvents) return [];
  const timestamp = timestampFromMs(execution.nowMs);
  return events.map((value: EventRaisedEvent) => ({
    $typeName: "HistoryEvent",
    eventId: -1,
    timestamp,
    eventType: { case: "eventRaised", value },
  }));
}
