import { OrchestrationStatus } from "@durabletask/protobuf";
import { eventRaised, executionResumed, executionSuspended } from "../state/history-events.ts";
import type { Hub } from "../state/hub.ts";
import type { Instance } from "../state/instance.ts";
import { toTimestamp } from "../time/timestamp.ts";

/** An event from outside. */
export function raiseEvent(
  hub: Hub,
  instance: Instance,
  name: string,
  input: string | undefined,
): void {
  hub.journal.begin();
  hub.deliver(instance, eventRaised(stamp(hub, instance), name, input));
}

/**
 * From now on the instance is suspended. What came before, and the suspension itself, still go to a turn; what comes
 * afterwards waits in the inbox (rule 12).
 */
export function suspend(hub: Hub, instance: Instance, reason: string | undefined): void {
  if (instance.status === OrchestrationStatus.SUSPENDED) return;
  hub.journal.begin();
  const event = executionSuspended(stamp(hub, instance), reason);
  instance.status = OrchestrationStatus.SUSPENDED;
  instance.updatedAt = instance.latest;
  // Counted before the delivery offers a turn.
  instance.heldFrom = instance.inbox.length + 1;
  hub.deliver(instance, event);
}

/** The instance goes on, with what came meanwhile. */
export function resume(hub: Hub, instance: Instance, reason: string | undefined): void {
  if (instance.status !== OrchestrationStatus.SUSPENDED) return;
  hub.journal.begin();
  const event = executionResumed(stamp(hub, instance), reason);
  instance.status = instance.hasRun ? OrchestrationStatus.RUNNING : OrchestrationStatus.PENDING;
  instance.updatedAt = instance.latest;
  instance.heldFrom = undefined;
  hub.deliver(instance, event);
}

function stamp(hub: Hub, instance: Instance): ReturnType<typeof toTimestamp> {
  return toTimestamp(instance.stamp(hub.clock.now()));
}
