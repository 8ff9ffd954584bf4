import { toBinary } from "@bufbuild/protobuf";
import {
  OrchestratorActionSchema,
  type OrchestratorResponse,
  OrchestratorResponseSchema,
} from "@durabletask/protobuf";
import { maxEncodedBytes } from "../encoded-size.ts";

type ActionType = OrchestratorResponse["actions"][number]["orchestratorActionType"];

/** What the fields that differ between parts, and the length of an action, take at most. */
const sparePartBytes = 32;
const spareActionBytes = 8;

/**
 * Whether a completion may be too large for one message. Counts characters, three bytes for each, and is sure only of the
 * answer "no": to know more it would have to be encoded, which nearly none needs.
 */
export function mayExceed(response: OrchestratorResponse, maximumBytes: number): boolean {
  let bytes = maxEncodedBytes(response.customStatus);
  for (const action of response.actions) bytes += actionBound(action.orchestratorActionType);
  return bytes > maximumBytes;
}

/**
 * A completion in parts of at most this size, in order; the completion itself where one part is enough. A part is larger only
 * where a single action is.
 *
 * Each part says for which turn it is. Only the first one speaks for the events that the turn has seen: in the others their
 * number is 0.
 */
export function partsOf(
  response: OrchestratorResponse,
  maximumBytes: number,
): readonly OrchestratorResponse[] {
  const shared = toBinary(OrchestratorResponseSchema, { ...response, actions: [] }).length;
  const room = maximumBytes - shared - sparePartBytes;
  const parts: OrchestratorResponse["actions"][] = [];
  let left = 0;
  for (const action of response.actions) {
    const size = toBinary(OrchestratorActionSchema, action).length + spareActionBytes;
    if (parts.length === 0 || size > left) {
      parts.push([]);
      left = room;
    }
    parts.at(-1)?.push(action);
    left -= size;
  }
  if (parts.length < 2) return [response];
  return parts.map((actions, chunkIndex) => ({
    ...response,
    actions,
    isPartial: chunkIndex < parts.length - 1,
    chunkIndex,
    ...(chunkIndex > 0 && { orchestrationTraceContext: undefined, numEventsProcessed: 0 }),
  }));
}

/** The exact size of a part. */
export function sizeOf(response: OrchestratorResponse): number {
  return toBinary(OrchestratorResponseSchema, response).length;
}

/** What an action takes besides what is counted of it, generously. */
const actionBytes = 128;

/** Looks at what is large in the frequent actions, and at everything in the others. */
function actionBound({ case: kind, value }: ActionType): number {
  switch (kind) {
    case "createTimer":
      return actionBytes;
    case "scheduleTask":
      return (
        actionBytes +
        3 * (value.name.length + lengthOf(value.version) + lengthOf(value.input)) +
        maxEncodedBytes(value.tags) +
        maxEncodedBytes(value.parentTraceContext)
      );
    case "completeOrchestration":
      return (
        actionBytes +
        3 * (lengthOf(value.result) + lengthOf(value.details) + lengthOf(value.newVersion)) +
        maxEncodedBytes(value.failureDetails) +
        maxEncodedBytes(value.carryoverEvents) +
        maxEncodedBytes(value.tags)
      );
    default:
      return actionBytes + maxEncodedBytes(value);
  }
}

function lengthOf(text: string | undefined): number {
  return text === undefined ? 0 : text.length;
}
