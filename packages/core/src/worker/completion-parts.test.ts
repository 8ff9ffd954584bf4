import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type OrchestratorActionSchema,
  type OrchestratorResponse,
  OrchestratorResponseSchema,
} from "@durabletask/protobuf";
import { describe, expect, it } from "vitest";
import { mayExceed, partsOf, sizeOf } from "./completion-parts.ts";

const maximum = 10_000;

type Init = MessageInitShape<typeof OrchestratorActionSchema>["orchestratorActionType"];

function response(
  types: readonly NonNullable<Init>[],
  more: MessageInitShape<typeof OrchestratorResponseSchema> = {},
): OrchestratorResponse {
  return create(OrchestratorResponseSchema, {
    instanceId: "i",
    completionToken: "t",
    actions: types.map((orchestratorActionType, index) => ({
      id: index + 1,
      orchestratorActionType,
    })),
    ...more,
  });
}

const call = (bytes: number) =>
  ({ case: "scheduleTask", value: { name: "n", input: "x".repeat(bytes) } }) as const;

describe("parts of a completion", () => {
  it("are one, the completion itself, where that fits", () => {
    const small = response([call(4000), call(4000)]);
    expect(partsOf(small, maximum)).toEqual([small]);
    expect(partsOf(small, maximum)[0]).toBe(small);
  });

  it("hold all actions in their order, and fit", () => {
    for (const size of [10, 999, 2490, 5000, 9800]) {
      const whole = response(Array.from({ length: 40 }, () => call(size)));
      const parts = partsOf(whole, maximum);
      expect(parts.flatMap(({ actions }) => actions)).toEqual(whole.actions);
      for (const part of parts) expect(sizeOf(part)).toBeLessThanOrEqual(maximum);
      // As few as can be: an action takes some forty bytes besides its input.
      const most = Math.ceil(40 / Math.floor(maximum / (size + 120)));
      expect(parts.length).toBeLessThanOrEqual(most);
    }
  });

  it("each say what turn they are of; the first one speaks for its events", () => {
    const shared = {
      customStatus: '"s"',
      completionToken: "t",
      instanceId: "i",
      requiresHistory: false,
    };
    const orchestrationTraceContext = { spanID: "span" };
    const whole = response([call(6000), call(6000), call(6000)], {
      ...shared,
      orchestrationTraceContext,
    });
    const parts = partsOf(whole, maximum);
    expect(parts).toMatchObject([
      { ...shared, isPartial: true, chunkIndex: 0, orchestrationTraceContext },
      { ...shared, isPartial: true, chunkIndex: 1, numEventsProcessed: 0 },
      { ...shared, isPartial: false, chunkIndex: 2, numEventsProcessed: 0 },
    ]);
    expect(parts.map((part) => part.numEventsProcessed)).toEqual([undefined, 0, 0]);
    expect(parts.slice(1).map((part) => part.orchestrationTraceContext)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it("hold a single action that is larger alone", () => {
    const whole = response([call(10), call(20_000), call(10)]);
    expect(partsOf(whole, maximum).map(({ actions }) => actions.length)).toEqual([1, 1, 1]);
    const alone = response([call(20_000)]);
    expect(partsOf(alone, maximum)).toEqual([alone]);
  });

  it("leave room for a custom status that each of them repeats", () => {
    const customStatus = JSON.stringify("s".repeat(6000));
    const whole = response([call(2000), call(2000), call(2000)], { customStatus });
    const parts = partsOf(whole, maximum);
    expect(parts.map((part) => part.customStatus)).toEqual([
      customStatus,
      customStatus,
      customStatus,
    ]);
    for (const part of parts) expect(sizeOf(part)).toBeLessThanOrEqual(maximum);
  });
});

describe("the estimate", () => {
  const wide = "\u{20AC}".repeat(500);
  const instance = { instanceId: wide, executionId: wide };
  const failureDetails = {
    errorType: wide,
    errorMessage: wide,
    stackTrace: wide,
    innerFailure: { errorType: wide, errorMessage: wide },
    properties: { [wide]: { kind: { case: "stringValue", value: wide } } },
  } as const;
  const trace = { traceParent: wide, spanID: wide, traceState: wide };
  const tags = { [wide]: wide };

  it.each<readonly [string, NonNullable<Init>]>([
    [
      "a timer",
      { case: "createTimer", value: { fireAt: { seconds: 2n ** 50n, nanos: 999_999_999 } } },
    ],
    [
      "an activity",
      {
        case: "scheduleTask",
        value: { name: wide, version: wide, input: wide, tags, parentTraceContext: trace },
      },
    ],
    [
      "a child",
      {
        case: "createSubOrchestration",
        value: {
          name: wide,
          instanceId: wide,
          version: wide,
          input: wide,
          tags,
          parentTraceContext: trace,
        },
      },
    ],
    ["an event", { case: "sendEvent", value: { instance, name: wide, data: wide } }],
    [
      "a termination",
      { case: "terminateOrchestration", value: { instanceId: wide, reason: wide } },
    ],
    [
      "an end",
      {
        case: "completeOrchestration",
        value: {
          result: wide,
          details: wide,
          newVersion: wide,
          tags,
          failureDetails,
          carryoverEvents: [
            { eventType: { case: "eventRaised", value: { name: wide, input: wide } } },
          ],
        },
      },
    ],
    ["nothing", { case: "createTimer", value: {} }],
  ])("is never below the size of %s", (_name, type) => {
    const whole = response([type]);
    const { length } = toBinary(OrchestratorResponseSchema, {
      ...whole,
      instanceId: "",
      completionToken: "",
    });
    expect(mayExceed(whole, length - 1)).toBe(true);
  });

  it("finds usual completions small", () => {
    expect(mayExceed(response(Array.from({ length: 1000 }, () => call(300))), 4_089_446)).toBe(
      false,
    );
    expect(mayExceed(response([]), 4_089_446)).toBe(false);
  });
});
