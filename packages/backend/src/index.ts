export { openEmbeddedTaskHub } from "./embedded-task-hub.ts";
export type { EmbeddedTaskHub, EmbeddedTaskHubOptions, LeaseOptions } from "./embedded-task-hub.ts";
export type { TaskHubStats } from "./task-hub-stats.ts";
export { createInProcessTransport } from "./in-process-transport.ts";
export type { TaskHubHandlers } from "./in-process-transport.ts";
export { openMemoryTaskHub } from "./memory-task-hub.ts";
export type { RetentionOptions } from "./retention.ts";
export { createMemoryStore } from "./store/memory-store.ts";
export { emptyBatch } from "./store/store.ts";
export type {
  AttemptRecord,
  Batch,
  DetachedActivity,
  EndedQuery,
  InstanceRecord,
  KeptCall,
  LiveInstance,
  LogRow,
  Store,
  StoredInstance,
  StoreOpening,
  StoreQuery,
} from "./store/store.ts";
