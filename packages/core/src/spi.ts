export { durationToMs } from "./duration.ts";
export { awaitAction } from "./engine/await-action.ts";
export { createTaskHubService } from "./task-hub-service.ts";
export type { TaskHubService } from "./task-hub-service.ts";
export { guardLogger } from "./logger.ts";
export { VirtualClock } from "./virtual-clock.ts";
