import type { Clock, Logger } from "@durabletask/core";
import type { WorkKind } from "../dispatch/dispatcher.ts";
import type { Instance } from "./instance.ts";

/** An item is named when it has been ready for so long. */
const patienceMs = 30_000;
/** While some are not yet due, the next look comes no earlier. */
const pauseMs = 5_000;
/** So many are named at a look; of more only the number is told. */
const maxNamed = 100;

/** What the watch needs of the hub. */
interface Watched {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly instances: ReadonlyMap<string, Instance>;
  hasWorkerFor(kind: WorkKind, name: string, version: string | undefined): boolean;
}

interface Unclaimed {
  readonly kind: WorkKind;
  readonly instanceId: string;
  readonly name: string;
  readonly version: string | undefined;
}

/**
 * Warns of work that no connected worker takes, once an item: a name without a worker is the most common reason for an
 * orchestration to be stuck. It looks only while something is ready that nobody took at once.
 */
export class UnclaimedWatch {
  readonly #hub: Watched;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(hub: Watched) {
    this.#hub = hub;
  }

  /** Something waits for a worker. */
  begin(): void {
    if (!this.#cancel) this.#arm(patienceMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #arm(delayMs: number): void {
    if (this.#isStopped) return;
    this.#cancel = this.#hub.clock.schedule(() => this.#look(), delayMs);
  }

  #look(): void {
    this.#cancel = undefined;
    const due = this.#hub.clock.now() - patienceMs;
    const found: Unclaimed[] = [];
    let oldest = Infinity;
    for (const item of this.#ready()) {
      if (item.isNamed || this.#hub.hasWorkerFor(item.kind, item.name, item.version)) continue;
      if (item.since > due) oldest = Math.min(oldest, item.since);
      else found.push(item.take());
    }
    this.#report(found);
    if (oldest < Infinity) this.#arm(Math.max(oldest - due, pauseMs));
  }

  *#ready() {
    for (const instance of this.#hub.instances.values()) {
      const { id: instanceId, start, isQueued, readySince: since } = instance;
      if (isQueued) {
        const { name, version } = start;
        const item = { kind: "orchestration" as const, instanceId, name, version };
        const take = () => {
          instance.isNamed = true;
          return item;
        };
        yield { ...item, since, isNamed: instance.isNamed, take };
      }
      for (const activity of instance.activities.values()) {
        if (activity.state !== "ready") continue;
        const { name, version } = activity.event;
        const item = { kind: "activity" as const, instanceId, name, version };
        const take = () => {
          activity.isNamed = true;
          return item;
        };
        yield { ...item, since: activity.readySince, isNamed: activity.isNamed, take };
      }
    }
  }

  #report(found: readonly Unclaimed[]): void {
    const { logger } = this.#hub;
    for (const item of found.slice(0, maxNamed)) {
      const of = item.version ? `"${item.name}" of version ${item.version}` : `"${item.name}"`;
      logger.warn?.(
        { event: "hub.unclaimed", ...item },
        `no connected worker takes the ${item.kind} ${of}, which has waited for 30 s`,
      );
    }
    const more = found.length - maxNamed;
    if (more > 0) {
      logger.warn?.(
        { event: "hub.unclaimed", more },
        `no connected worker takes ${more} more items`,
      );
    }
  }
}
