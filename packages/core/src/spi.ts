export { createTaskHubService } from "./task-hub-service.ts";
export type { TaskHubService } from "./task-hub-service.ts";
