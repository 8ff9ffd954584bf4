import { TaskHubError } from "@durabletask/core";
import type { RecordedTurn } from "@durabletask/core/spi";
import { childIdOf, firstAttemptOf, Rewinding, taskAnsweredBy } from "@durabletask/core/spi";
import type { HistoryEvent } from "@durabletask/protobuf";
import { OrchestrationStatus } from "@durabletask/protobuf";
import type { RewindTarget } from "../commands/rewind.ts";
import { childCompleted, childFailed } from "../state/history-events.ts";
import type { Hub } from "../state/hub.ts";
import type { Instance } from "../state/instance.ts";
import type { Lookup } from "../state/lookups.ts";
import { likeness } from "../state/past.ts";
import { statusName } from "../state/status.ts";
import { turnsOf } from "../state/turns.ts";
import type { InstanceRecord, KeptCall, StoredInstance } from "../store/store.ts";
import { toTimestamp } from "../time/timestamp.ts";

interface Watched {
  readonly lookup: Lookup;
  /** The instance of that id in memory when it was read; what has ended is not there. */
  live: Instance | undefined;
  /** Whether the store was behind: it had another instance, or one that lived no more. */
  isBehind: boolean;
}

/** Reads an instance and its descendants for a rewind, and knows whether what it has read still holds. */
export class RewindReading {
  readonly #hub: Hub;
  readonly #watched = new Map<string, Watched>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  get isStale(): boolean {
    for (const [id, { lookup, live, isBehind }] of this.#watched)
      if (isBehind || lookup.isStale || this.#hub.instances.get(id) !== live) return true;
    return false;
  }

  close(): void {
    for (const [id, { lookup }] of this.#watched) this.#hub.lookups.unwatch(id, lookup);
  }

  /** The instance and all its descendants that are to be rewound with it. */
  async targets(id: string): Promise<RewindTarget[]> {
    const record = (await this.#read(id, false))?.record;
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
    const { turns, inbox } = turnsOf(await this.#hub.store.chain(record.tail));
    const { late, others } = splitKept(turns, await this.#hub.store.kept(record.executionId));
    const came = [...inbox, ...late.flatMap(({ result }) => result ?? [])];
    for (const call of openChildren(turns, came)) {
      const answer = await this.#answerOf(record, call);
      if (answer) came.push(answer);
    }
    const rewinding = new Rewinding(turns, came);
    const found: RewindTarget[] = [];
    const resumed = new Set<string>();
    for (const childId of new Set(rewinding.children)) {
      const child = await this.#child(record, childId);
      if (child?.record.status !== OrchestrationStatus.FAILED) continue;
      resumed.add(childId);
      found.push(...(await this.#withChildren(child.record)));
    }
    return [{ record, history: rewinding.rewrite(resumed), kept: others, late }, ...found];
  }

  /** What a child came to after its parent had failed; nothing if it still lives. */
  async #answerOf(parent: InstanceRecord, call: HistoryEvent): Promise<HistoryEvent | undefined> {
    const child = await this.#child(parent, childIdOf(call) ?? "");
    if (child && child.record.completedAt === undefined) return undefined;
    const timestamp = toTimestamp(child?.record.completedAt ?? parent.updatedAt);
    const ended = child?.tailEvents.at(-1)?.eventType;
    const isSuccess = child?.record.status === OrchestrationStatus.COMPLETED;
    if (!isSuccess || ended?.case !== "executionCompleted")
      return childFailed(timestamp, call.eventId, undefined);
    return childCompleted(timestamp, call.eventId, ended.value.result);
  }

  /** The child that the parent has started under this id, unless another instance has taken the id since. */
  async #child(parent: InstanceRecord, id: string): Promise<StoredInstance | undefined> {
    const child = await this.#read(id, true);
    const isOurs = child?.record.parentId === parent.id && child.record.key > parent.key;
    return isOurs ? child : undefined;
  }

  async #read(id: string, payloads: boolean): Promise<StoredInstance | undefined> {
    const watched = this.#watched.get(id) ?? {
      lookup: this.#hub.lookups.watch(id),
      live: undefined,
      isBehind: false,
    };
    this.#watched.set(id, watched);
    // A purge, a result: what was done before is on disk, what is done from here on makes this stale.
    await this.#hub.journal.allSettled();
    const live = this.#hub.instances.get(id);
    const found = await this.#hub.store.find(id, payloads);
    const lives = found?.record.completedAt === undefined ? found?.record.key : undefined;
    watched.live = live;
    watched.isBehind = live?.hasEnded === true || live?.key !== lives;
    return found;
  }
}

/** Results of activities that the turns show as open: they came after the failure. The others are of earlier rewinds. */
function splitKept(
  turns: readonly RecordedTurn[],
  kept: readonly KeptCall[],
): { readonly late: readonly KeptCall[]; readonly others: readonly KeptCall[] } {
  const asked = new Set(turns.flatMap(({ recorded }) => recorded).map(identity));
  const isLate = ({ result, scheduled }: KeptCall) =>
    result !== undefined && asked.has(identity(scheduled));
  return { late: kept.filter(isLate), others: kept.filter((call) => !isLate(call)) };
}

function identity(scheduled: HistoryEvent): string {
  return `${scheduled.eventId} ${firstAttemptOf(scheduled)} ${likeness(scheduled)}`;
}

/** Calls of children that no answer has come for. */
function openChildren(
  turns: readonly RecordedTurn[],
  inbox: readonly HistoryEvent[],
): readonly HistoryEvent[] {
  const answers = [...turns.flatMap(({ delivered }) => delivered), ...inbox].map(taskAnsweredBy);
  const answered = new Set(answers);
  return turns
    .flatMap(({ recorded }) => recorded)
    .filter((event) => childIdOf(event) !== undefined && !answered.has(event.eventId));
}
