import { derivationSeed, derivedGuid } from "./engine/guid.ts";
import { sha1 } from "./platform.ts";

/** The id that a child gets whose caller chose none, by the event that starts it. */
export function derivedChildId(instanceId: string, executionId: string, eventId: number): string {
  return derivedGuid(sha1, derivationSeed(instanceId, executionId), "child", eventId);
}
