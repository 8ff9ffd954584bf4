import type { HistoryEvent } from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { createFailure } from "../failure.ts";
import { timestampFromMs } from "../engine/timestamp.ts";
import type { RecordedTurn } from "./recorded-turn.ts";
import { Rewinding } from "./rewound-history.ts";

type EventType = HistoryEvent["eventType"];

function event(eventType: EventType, eventId = -1): HistoryEvent {
  return { $typeName: "HistoryEvent", eventId, timestamp: timestampFromMs(0), eventType };
}

function scheduled(id: number): HistoryEvent {
  const value = { $typeName: "TaskScheduledEvent" as const, name: `task ${id}`, tags: {} };
  return event({ case: "taskScheduled", value }, id);
}

function raised(name: string): HistoryEvent {
  return event({ case: "eventRaised", value: { $typeName: "EventRaisedEvent", name } });
}

function failed(taskScheduledId: number): HistoryEvent {
  const failureDetails = createFailure("Boom", "no");
  const value = { $typeName: "TaskFailedEvent" as const, taskScheduledId, failureDetails };
  return event({ case: "taskFailed", value });
}

function turn(delivered: readonly HistoryEvent[], recorded: readonly HistoryEvent[]): RecordedTurn {
  const value = { $typeName: "OrchestratorStartedEvent" as const };
  return { started: event({ case: "orchestratorStarted", value }), delivered, recorded };
}

describe("a rewound history", () => {
  const [before, after] = [raised("before"), raised("after")];
  const first = turn([raised("start")], [scheduled(1), scheduled(2)]);

  it("keeps what came before the failure in its turn at its instant, where the code asked for nothing then", () => {
    const second = turn([before, failed(1), after], []);
    const { turns, inbox } = new Rewinding([first, second], []).rewrite(new Set());
    expect(turns).toEqual([
      { ...first, recorded: [scheduled(2)] },
      { ...second, delivered: [before] },
    ]);
    expect(inbox).toEqual([after]);
  });

  it("gives all of a turn again in which the code asked for something", () => {
    const second = turn([before, failed(1), after], [scheduled(3)]);
    const { turns, inbox, past } = new Rewinding([first, second], []).rewrite(new Set());
    expect(turns).toEqual([{ ...first, recorded: [scheduled(2)] }]);
    expect(inbox).toEqual([before, after]);
    expect(past.map((call) => call.scheduled.eventId)).toEqual([1, 3]);
  });
});
