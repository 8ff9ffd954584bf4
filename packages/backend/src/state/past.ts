import { childIdOf, derivedChildId, firstAttemptOf, firstAttemptTag } from "@durabletask/core/spi";
import type { HistoryEvent } from "@durabletask/protobuf";
import type { KeptCall } from "../store/store.ts";
import type { Activity } from "./work.ts";

/**
 * What a rewound execution did before, beyond what its history still shows (rule 20).
 *
 * When the code asks for something that it has asked for before, it is the same call: with the result that came of it, if
 * one did, and with the idempotency key that it had. The same means: of the same name with the same input, and for a
 * child under the same id, unless the code chose neither of the two ids. Event ids do not count: the code may ask in
 * another order now.
 */
export class Past {
  /** How often the execution was rewound. */
  readonly life: number;
  readonly #instanceId: string;
  readonly #executionId: string;
  readonly #calls = new Map<number, KeptCall>();
  /** By what the code asked for. */
  readonly #alike = new Map<string, Set<number>>();
  /** What is still under way, by the key of its call. */
  readonly #running = new Map<number, Activity>();
  /** Of each activity that the history shows, how its call names its first attempt. */
  readonly #firstAttempts = new Map<number, string>();
  readonly #begun = new Set<string>();
  readonly #derivedIds = new Set<string>();
  #derived = 0;
  #lastId = 0;

  constructor(instanceId: string, executionId: string, life: number) {
    this.#instanceId = instanceId;
    this.#executionId = executionId;
    this.life = life;
  }

  /** Keys of all that is kept. */
  get keys(): Iterable<number> {
    return this.#calls.keys();
  }

  /** The code has asked for it, and the history says so. */
  record(event: HistoryEvent): void {
    const first = firstAttemptOf(event);
    if (first === undefined) return;
    this.#firstAttempts.set(event.eventId, first);
    this.#begun.add(first);
  }

  keep(call: KeptCall): void {
    this.#calls.set(call.key, call);
    this.#lastId = Math.max(this.#lastId, call.scheduled.eventId);
    const alike = this.#alike.get(likeness(call.scheduled)) ?? new Set();
    this.#alike.set(likeness(call.scheduled), alike.add(call.key));
  }

  letGo(key: number): void {
    const call = this.#calls.get(key);
    if (!call) return;
    this.#calls.delete(key);
    this.#running.delete(key);
    this.#alike.get(likeness(call.scheduled))?.delete(key);
  }

  get(key: number): KeptCall | undefined {
    return this.#calls.get(key);
  }

  /** The activity of a kept call runs on, with the call's key as that of its row. False if there is no such call. */
  attach(key: number, activity: Activity): boolean {
    if (!this.#calls.has(key)) return false;
    this.#running.set(key, activity);
    activity.isRecallable = true;
    return true;
  }

  /** A kept call of a child that has not ended, as far as is known here. */
  openCallOf(childId: string): KeptCall | undefined {
    for (const call of this.#calls.values())
      if (!call.result && childIdOf(call.scheduled) === childId) return call;
    return undefined;
  }

  /** The call that the code makes again with this, if it made it before. It is then let go. */
  take(asked: HistoryEvent, isUsable: (call: KeptCall) => boolean): Recall | undefined {
    const found = this.#find(asked, isUsable);
    if (!found) return undefined;
    const activity = this.#running.get(found.key);
    this.letGo(found.key);
    return { ...found, activity: activity?.state === "over" ? undefined : activity };
  }

  #find(asked: HistoryEvent, isUsable: (call: KeptCall) => boolean): KeptCall | undefined {
    const first = this.firstAttemptToldBy(asked);
    let best: KeptCall | undefined;
    for (const key of this.#alike.get(likeness(asked)) ?? []) {
      const call = this.#calls.get(key);
      if (!call || !isUsable(call) || !this.#mayBe(asked, call, first)) continue;
      if (!best || isBetter(call, best, asked.eventId)) best = call;
    }
    return best;
  }

  #mayBe(asked: HistoryEvent, { scheduled }: KeptCall, first: string | undefined): boolean {
    const before = firstAttemptOf(scheduled);
    // Of a call whose first attempt the history shows, only retries are asked for.
    if (before !== undefined)
      return first === undefined ? !this.#begun.has(before) : first === before;
    const [one, two] = [childIdOf(asked), childIdOf(scheduled)];
    return one === two || (this.isDerived(one, asked.eventId) && this.isDerived(two, 0));
  }

  /** Of a retry: how its call names its first attempt. A worker knows it by its event id only. */
  firstAttemptToldBy({ eventType }: HistoryEvent): string | undefined {
    if (eventType.case !== "taskScheduled") return undefined;
    const told = eventType.value.tags[firstAttemptTag];
    return told === undefined ? undefined : (this.#firstAttempts.get(Number(told)) ?? told);
  }

  /** Whether the id of a child was made by an engine or a hub, not chosen by the code. */
  isDerived(childId: string | undefined, eventId: number): boolean {
    if (childId === undefined) return false;
    if (childId.startsWith(`${this.#executionId}:`)) return true;
    this.#lastId = Math.max(this.#lastId, eventId);
    while (this.#derived < this.#lastId) {
      this.#derived++;
      this.#derivedIds.add(derivedChildId(this.#instanceId, this.#executionId, this.#derived));
    }
    return this.#derivedIds.has(childId);
  }
}

/** A call of the past that is made again, and its activity, if that still runs. */
export interface Recall extends KeptCall {
  readonly activity: Activity | undefined;
}

/** The same call twice: that under the same id first, then one that has a result, then the one that was made first. */
function isBetter(call: KeptCall, than: KeptCall, eventId: number): boolean {
  const isSame = call.scheduled.eventId === eventId;
  if (isSame !== (than.scheduled.eventId === eventId)) return isSame;
  if (Boolean(call.result) !== Boolean(than.result)) return Boolean(call.result);
  return call.scheduled.eventId < than.scheduled.eventId;
}

/** What two records have in common that may be of the same call. */
export function likeness({ eventType }: HistoryEvent): string {
  switch (eventType.case) {
    case "taskScheduled":
    case "subOrchestrationInstanceCreated": {
      const { name, input = null } = eventType.value;
      return JSON.stringify([eventType.case, name, input]);
    }
    case "eventSent": {
      const { instanceId, name, input = null } = eventType.value;
      return JSON.stringify([eventType.case, name, input, instanceId]);
    }
    default:
      return "";
  }
}
