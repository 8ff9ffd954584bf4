export type { TaskHubService } from "./task-hub-service.ts";
export { VirtualClock } from "./virtual-clock.ts";
export { awaitAction } from "./engine/await-action.ts";
export { createTaskHubService } from "./task-hub-service.ts";
export { backgroundClock, longestTimerMs } from "./clock.ts";
export { durationToMs } from "./duration.ts";
export { maxEncodedBytes } from "./encoded-size.ts";
export { guardLogger } from "./logger.ts";
export { isServerStreaming, isUnary } from "./method-kind.ts";
export { notNegative, positive } from "./positive.ts";
export { withoutPages } from "./errors.ts";
export { firstAttemptTag } from "./engine/task-call.ts";
export { derivedChildId } from "./derived-child-id.ts";
export type { RecordedTurn } from "./rewind/recorded-turn.ts";
export {
  childIdOf,
  firstAttemptOf,
  isSuspendedAfter,
  taskAnsweredBy,
} from "./rewind/recorded-turn.ts";
export type { RewoundHistory } from "./rewind/rewound-history.ts";
export { Rewinding } from "./rewind/rewound-history.ts";
