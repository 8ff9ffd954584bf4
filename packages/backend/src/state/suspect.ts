import type { AttemptRecord } from "../store/store.ts";
import type { Instance } from "./instance.ts";
import type { Activity } from "./work.ts";

/** What may have killed the process. */
export type SuspectItem =
  | { readonly kind: "turn"; readonly instance: Instance }
  | { readonly kind: "activity"; readonly activity: Activity };

/** An item that was open when the process died, until it is done. Its fields belong to the quarantine. */
export class Suspect {
  readonly item: SuspectItem;
  /** How often it was handed out, or is about to be, since. */
  attempts = 0;
  /** How many of these attempts it was alone. */
  alone = 0;
  /** Whether the current attempt counts among those alone. */
  isAlone = false;
  state: "idle" | "committing" | "admitted" | "out" = "idle";

  constructor(item: SuspectItem, past: AttemptRecord | undefined) {
    this.item = item;
    this.attempts = past?.attempts ?? 0;
    this.alone = past?.alone ?? 0;
  }

  /** Its item is suspect no longer. */
  clear(): void {
    if (this.item.kind === "turn") this.item.instance.suspect = undefined;
    else this.item.activity.suspect = undefined;
  }

  toRecord(): AttemptRecord {
    const { attempts, alone } = this;
    return { ...identityOf(this.item), attempts, alone };
  }
}

export type AttemptIdentity = Pick<AttemptRecord, "kind" | "instanceId" | "executionId" | "taskId">;

/** By what the record of an item is found again. */
export function identityOf(item: SuspectItem): AttemptIdentity {
  if (item.kind === "turn") {
    const { id, executionId } = item.instance;
    return { kind: "turn", instanceId: id, executionId, taskId: -1 };
  }
  const { instanceId, executionId, taskId } = item.activity;
  return { kind: "activity", instanceId, executionId, taskId };
}
