import { OrchestrationStatus } from "@durabletask/protobuf";

/** Whether an instance of this status still lives. */
export function isActive(status: OrchestrationStatus): boolean {
  return (
    status === OrchestrationStatus.RUNNING ||
    status === OrchestrationStatus.PENDING ||
    status === OrchestrationStatus.SUSPENDED
  );
}

/** The status as people know it. */
export function statusName(status: OrchestrationStatus): string {
  return (
    Object.entries(OrchestrationStatus).find(([, value]) => value === status)?.[0] ?? String(status)
  );
}
