import { TaskHubError } from "@durabletask/core";
import type { RewindInstanceRequest, RewindInstanceResponse } from "@durabletask/protobuf";
import { OrchestrationStatus } from "@durabletask/protobuf";
import type { RewindTarget } from "../commands/rewind.ts";
import { rewindInstance } from "../commands/rewind.ts";
import { Rewinding } from "../commands/rewound-history.ts";
import type { Hub } from "../state/hub.ts";
import { readStore } from "../state/hub.ts";
import type { Lookup } from "../state/lookups.ts";
import { statusName } from "../state/status.ts";
import { turnsOf } from "../state/turns.ts";
import type { InstanceRecord } from "../store/store.ts";
import { readSettled } from "./instance-calls.ts";
import { checkTexts } from "./message-checks.ts";

/**
 * Lets a failed orchestration run on from before its failure, with its failed children, in one commit (rule 20). What
 * succeeded is kept and not run again.
 */
export async function rewind(
  hub: Hub,
  { instanceId, reason }: RewindInstanceRequest,
): Promise<RewindInstanceResponse> {
  checkTexts({ reason });
  for (;;) {
    const reading = new Reading(hub);
    try {
      const targets = await reading.targets(instanceId);
      // Somebody has purged, restarted or rewound one of them meanwhile.
      if (reading.isStale) continue;
      const batch = hub.journal.begin();
      for (const target of targets) rewindInstance(hub, target, reason);
      await batch.settled;
      return { $typeName: "RewindInstanceResponse" };
    } finally {
      reading.close();
    }
  }
}

/** Reads an instance and its failed children, and knows whether what it has read still holds. */
class Reading {
  readonly #hub: Hub;
  readonly #lookups = new Map<string, Lookup>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  get isStale(): boolean {
    for (const [id, { isStale }] of this.#lookups)
      if (isStale || this.#hub.instances.has(id)) return true;
    return false;
  }

  close(): void {
    for (const [id, lookup] of this.#lookups) this.#hub.lookups.unwatch(id, lookup);
  }

  /** The instance and all its descendants that are to be rewound with it. */
  async targets(id: string): Promise<RewindTarget[]> {
    const record = await this.#read(id);
    if (!record) {
      throw new TaskHubError("NOT_FOUND", `There is no instance with the id "${id}".`);
    }
    if (record.status !== OrchestrationStatus.FAILED) {
      throw new TaskHubError(
        "FAILED_PRECONDITION",
        `Only failed instances can be rewound; the status of "${id}" is ${statusName(record.status)}.`,
      );
    }
    return await this.#withChildren(record);
  }

  async #withChildren(record: InstanceRecord): Promise<RewindTarget[]> {
    const { turns, inbox } = turnsOf(await readStore(this.#hub.store.chain(record.tail)));
    const rewinding = new Rewinding(turns, inbox);
    const found: RewindTarget[] = [];
    const resumed = new Set<string>();
    for (const childId of new Set(rewinding.children)) {
      const child = await this.#read(childId);
      const isOurs = child?.parentId === record.id && child.key > record.key;
      if (!isOurs || child.status !== OrchestrationStatus.FAILED) continue;
      resumed.add(childId);
      found.push(...(await this.#withChildren(child)));
    }
    return [{ record, history: rewinding.rewrite(resumed) }, ...found];
  }

  async #read(id: string): Promise<InstanceRecord | undefined> {
    await this.#hub.journal.settled(this.#hub.instances.get(id)?.batch ?? 0);
    if (!this.#lookups.has(id)) this.#lookups.set(id, this.#hub.lookups.watch(id));
    return (await readSettled(this.#hub, id, false))?.record;
  }
}
