import type { Clock, Duration, Logger } from "@durabletask/core";
import { durationToMs } from "@durabletask/core/spi";
import { OrchestrationStatus } from "@durabletask/protobuf";
import { purgeRecords } from "./calls/purge-call.ts";
import { checkKeys } from "./option-keys.ts";
import type { Hub } from "./state/hub.ts";

/** How long ended instances are kept, by how they ended. What is not named is kept until it is purged. */
export interface RetentionOptions {
  readonly completed?: Duration;
  readonly failed?: Duration;
  readonly terminated?: Duration;
}

const everyMs = 60_000;
const pageSize = 500;
const { COMPLETED, FAILED, TERMINATED, CANCELED } = OrchestrationStatus;
const statusesOf: ReadonlyMap<keyof RetentionOptions, readonly OrchestrationStatus[]> = new Map([
  ["completed", [COMPLETED]],
  ["failed", [FAILED]],
  ["terminated", [TERMINATED, CANCELED]],
]);

interface Rule {
  readonly statuses: readonly OrchestrationStatus[];
  readonly ageMs: number;
}

/** Purges what has ended long enough ago, once a minute (rule 18). */
export class Retention {
  readonly #rules: readonly Rule[];
  readonly #currentHub: () => Hub;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #cancel: (() => void) | undefined;
  #sweeping: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: RetentionOptions, currentHub: () => Hub, clock: Clock, logger: Logger) {
    this.#rules = rulesOf(options);
    this.#currentHub = currentHub;
    this.#clock = clock;
    this.#logger = logger;
  }

  start(): void {
    if (this.#rules.length === 0 || this.#isStopped) return;
    this.#cancel = this.#clock.schedule(() => {
      this.#sweeping = this.#sweep().then(
        () => this.start(),
        (error: unknown) => {
          // The store is away, or the hub has crashed meanwhile: the next sweep finds the rest.
          this.#logger.warn?.(
            { event: "hub.retention-failed", error },
            "old instances could not be purged",
          );
          this.start();
        },
      );
    }, everyMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    for (const { statuses, ageMs } of this.#rules) {
      const completedTo = this.#clock.now() - ageMs;
      let found = pageSize;
      while (found === pageSize && !this.#isStopped) {
        const hub = this.#currentHub();
        const query = { after: undefined, limit: pageSize, statuses, completedFrom: undefined };
        found = await purgeRecords(hub, () => hub.store.ended({ ...query, completedTo }), false);
      }
    }
  }
}

/** Throws `InvalidArgumentError` for what cannot be. */
function rulesOf(options: RetentionOptions): readonly Rule[] {
  checkKeys(options, "retention", [...statusesOf.keys()]);
  const rules: Rule[] = [];
  for (const [name, statuses] of statusesOf) {
    const age = options[name];
    if (age) rules.push({ statuses, ageMs: durationToMs(age, `retention.${name}`) });
  }
  return rules;
}
