import type { AttemptRecord, DetachedActivity, LiveInstance } from "../store/store.ts";
import { OrchestrationStatus } from "@durabletask/protobuf";
import type { HistoryEvent } from "@durabletask/protobuf";
import type { Hub } from "../state/hub.ts";
import { Instance } from "../state/instance.ts";
import { replayLog } from "../state/log-replay.ts";
import { Starts } from "../state/start.ts";
import type { AttemptIdentity, SuspectItem } from "../state/suspect.ts";
import { identityOf, Suspect } from "../state/suspect.ts";
import { createActivity } from "../state/work.ts";
import { failPoisoned } from "./poison.ts";
import { pastOf } from "./recalling.ts";
import { reopenTasks } from "./reopening.ts";

/** How many instances are read at once. */
const pageSize = 500;

/**
 * Rebuilds what lives from the store. No lease survives: all open work is ready at once. After an unclean end all of it is
 * suspect (rule 9): also the turns of instances whose inbox is empty, since a turn may have been handed out before what
 * it was for was on disk. `deaths` says what was recorded of attempts when the process began, if the one before it died;
 * attempts that were made since, before a commit failed, it has survived.
 */
export async function recover(
  hub: Hub,
  deaths: readonly AttemptRecord[] | undefined,
): Promise<void> {
  const suspects = deaths && new Suspects(deaths);
  const starts = new Starts();
  let after = 0;
  for (;;) {
    const page = await hub.store.live(after, pageSize);
    for (const live of page) await recoverInstance(hub, live, suspects, starts);
    const last = page.at(-1);
    if (!last || page.length < pageSize) break;
    after = last.record.key;
  }
  for (const detached of await hub.store.detached()) await recoverDetached(hub, detached, suspects);
  const stored = await hub.store.attempts();
  // After a clean end nobody is suspected any more.
  if (suspects) suspects.finish(hub, stored);
  else forgetAttempts(hub, stored);
}

function forgetAttempts(hub: Hub, records: readonly AttemptRecord[]): void {
  if (records.length === 0) return;
  const { attempts } = hub.journal.begin();
  for (const record of records) attempts.set(record, { ...record, attempts: 0 });
}

/** Items that may have killed the process, and what is recorded of them. */
class Suspects {
  readonly #past = new Map<string, AttemptRecord>();
  readonly #all: Suspect[] = [];

  constructor(records: readonly AttemptRecord[]) {
    for (const record of records) this.#past.set(keyOf(record), record);
  }

  make(item: SuspectItem): Suspect {
    const key = keyOf(identityOf(item));
    const suspect = new Suspect(item, this.#past.get(key));
    this.#all.push(suspect);
    return suspect;
  }

  /** Once all that lives is there. */
  finish(hub: Hub, stored: readonly AttemptRecord[]): void {
    this.#correct(hub, stored);
    for (const suspect of this.#all)
      if (suspect.alone >= hub.maxAttempts) failPoisoned(hub, suspect);
  }

  /** What is stored of attempts that this process has survived is of no account; nor is what is stored of items that are over. */
  #correct(hub: Hub, stored: readonly AttemptRecord[]): void {
    const known = new Map(this.#all.map((suspect) => [keyOf(identityOf(suspect.item)), suspect]));
    const wrong = stored.filter((record) => {
      const suspect = known.get(keyOf(record));
      return suspect?.attempts !== record.attempts || suspect.alone !== record.alone;
    });
    if (wrong.length === 0) return;
    const { attempts } = hub.journal.begin();
    for (const record of wrong) {
      const suspect = known.get(keyOf(record));
      attempts.set(suspect ?? record, suspect?.toRecord() ?? { ...record, attempts: 0 });
    }
  }
}

function keyOf({ kind, instanceId, executionId, taskId }: AttemptIdentity): string {
  return JSON.stringify([kind, instanceId, executionId, taskId]);
}

async function recoverInstance(
  hub: Hub,
  { record, rows }: LiveInstance,
  suspects: Suspects | undefined,
  starts: Starts,
): Promise<void> {
  const log = replayLog(rows);
  if (!log.started)
    throw new Error(`The log of instance "${record.id}" does not say how it started.`);
  const instance = new Instance(record.key, record.id, starts.of(log.started), record);
  instance.customStatus = record.customStatus;
  instance.traceContext = record.traceContext;
  instance.head = record.head;
  instance.tail = record.tail;
  instance.latest = Math.max(log.latest, record.updatedAt);
  instance.hasRun =
    record.hasRun || log.history.length > 0 || record.status === OrchestrationStatus.RUNNING;
  instance.inbox = [...log.inbox];
  if (record.status === OrchestrationStatus.SUSPENDED) instance.heldFrom = heldFrom(log.inbox);
  if (log.life > 0) {
    instance.past = pastOf(instance, log.life, log.history);
    for (const call of await hub.store.kept(record.executionId)) instance.past.keep(call);
  }
  hub.register(instance);
  hub.histories.put(instance, log.history);
  instance.suspect = suspects?.make({ kind: "turn", instance });
  for (const activity of reopenTasks(hub, instance, log, "at once")) {
    activity.suspect = suspects?.make({ kind: "activity", activity });
    hub.offerActivity(activity);
  }
  const { startAt } = record;
  if (startAt !== undefined && !instance.hasRun && startAt > hub.clock.now()) {
    hub.pauseUntil(instance, startAt);
  } else {
    hub.considerTurn(instance);
  }
}

/** A suspended instance takes what came up to its suspension. */
function heldFrom(inbox: readonly HistoryEvent[]): number {
  return inbox.findLastIndex((event) => event.eventType.case === "executionSuspended") + 1;
}

async function recoverDetached(
  hub: Hub,
  { key, request }: DetachedActivity,
  suspects: Suspects | undefined,
): Promise<void> {
  const { taskId, name, version, input, parentTraceContext, tags } = request;
  const { instanceId = "", executionId = "" } = request.orchestrationInstance ?? {};
  const $typeName = "TaskScheduledEvent" as const;
  const event = { $typeName, name, version, input, parentTraceContext, tags };
  const facts = { taskId, event, instanceId, executionId, instance: undefined };
  const activity = createActivity(facts, 0);
  activity.mayBeOut = true;
  activity.suspect = suspects?.make({ kind: "activity", activity });
  hub.detached.add(key, activity);
  activity.isRecallable =
    hub.instances.get(instanceId)?.past?.attach(key, activity) ??
    (await hasFailed(hub, instanceId, executionId));
  hub.offerActivity(activity);
}

async function hasFailed(hub: Hub, instanceId: string, executionId: string): Promise<boolean> {
  const record = (await hub.store.find(instanceId, false))?.record;
  return record?.status === OrchestrationStatus.FAILED && record.executionId === executionId;
}
