export type { Synchronous } from "./open-database.ts";
export { createSqliteStore, openTaskHub } from "./task-hub.ts";
export type { TaskHubOptions } from "./task-hub.ts";
