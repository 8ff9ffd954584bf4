import { TaskHubError } from "@durabletask/core";
import { recover } from "./commands/recovery.ts";
import type { HubParts } from "./state/hub.ts";
import { Hub } from "./state/hub.ts";
import { unavailable } from "./state/journal.ts";
import { type AttemptRecord, type Batch, emptyBatch } from "./store/store.ts";

/** The fence of a store whose hub was closed. */
const cleanFence = "clean";
const firstRetryMs = 100;
const lastRetryMs = 10_000;

/**
 * Keeps a hub open over a store: opens it, and when a commit fails throws its memory away and opens it again, which is
 * the only kind of recovery there is (decisions/013).
 */
export class TaskHubHost {
  readonly #parts: HubParts;
  #hub: Hub | undefined;
  #closing: Promise<void> | undefined;
  #emptying: Promise<void> | undefined;
  #failures = 0;
  #cause: unknown;
  #cancelRetry: (() => void) | undefined;
  #reopening: Promise<void> | undefined;
  /** Whether the process that had the store before this one died (rule 9). */
  #wasUnclean: boolean | undefined;
  /** What was recorded then: attempts that this process makes are no deaths, however often it opens its store again. */
  #deaths: readonly AttemptRecord[] | undefined;

  constructor(parts: HubParts) {
    this.#parts = parts;
  }

  /** The hub as it is now. Throws UNAVAILABLE while it cannot be opened, FAILED_PRECONDITION once it is closed. */
  get hub(): Hub {
    if (this.#hub) return this.#hub;
    if (this.#closing) throw closed();
    throw unavailable("The task hub cannot reach its store.", this.#cause);
  }

  async open(): Promise<void> {
    const opening = await this.#parts.store.open();
    // What the store says after a failed commit is of this process, which lives.
    this.#wasUnclean ??= opening.fence !== undefined && opening.fence !== cleanFence;
    let failure: { readonly cause: unknown } | undefined;
    const hub: Hub = new Hub(this.#parts, opening, (cause) => {
      failure ??= { cause };
      this.#crash(hub, cause);
    });
    try {
      // After a failed sync, a row that looks gone can come back unless something is committed after it.
      await this.#parts.store.commit(fence(this.#parts.newId()));
      if (this.#wasUnclean) this.#deaths ??= await this.#parts.store.attempts();
      await recover(hub, this.#wasUnclean ? this.#deaths : undefined);
      // What was taken up may have failed to commit already: this hub has stopped, and another must be opened.
      if (failure !== undefined) throw failure.cause;
    } catch (cause) {
      hub.stop(unavailable("The task hub could not be opened.", cause));
      await hub.journal.quiet;
      throw cause;
    }
    this.#hub = hub;
  }

  /** Ends the streams, commits what is under way, then the fence, and closes the store. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#cancelRetry?.();
    await this.#reopening;
    const hub = this.#hub;
    this.#hub = undefined;
    try {
      await hub?.close(closed());
      if (hub) await this.#parts.store.commit(fence(cleanFence));
    } finally {
      hub?.stop(closed());
      await hub?.journal.quiet;
      await this.#parts.store.close();
    }
  }

  /** Forgets all instances, live ones included. The streams of workers end; those that open afterwards find nothing. */
  empty(): Promise<void> {
    this.#emptying ??= this.#empty().finally(() => (this.#emptying = undefined));
    return this.#emptying;
  }

  async #empty(): Promise<void> {
    const { hub } = this;
    this.#hub = undefined;
    const emptied = this.#emptyStore(hub);
    // The failure is this call's; others see a hub that tries to open.
    this.#reopening = emptied.catch(() => undefined);
    await emptied;
  }

  async #emptyStore(hub: Hub): Promise<void> {
    const refusal = unavailable("The task hub is being emptied.");
    try {
      await hub.close(refusal);
      hub.stop(refusal);
      await this.#parts.store.clear();
      this.#wasUnclean = false;
      await this.open();
    } catch (cause) {
      hub.stop(refusal);
      await hub.journal.quiet;
      this.#retry(cause);
      throw unavailable("The task hub could not be emptied and opened again.", cause);
    }
  }

  /** Throws the hub's memory away because of something that should not have happened; gives the error for its caller. */
  fail(hub: Hub, cause: unknown): Error {
    this.#crash(hub, cause);
    return unavailable("The task hub broke off; the outcome is unknown.", cause);
  }

  #crash(hub: Hub, cause: unknown): void {
    // Given up already; but a close may still wait for its last commit.
    if (hub !== this.#hub) return hub.stop(unavailable("The task hub could not commit.", cause));
    this.#hub = undefined;
    // A store that opens but cannot commit must not be opened over and over at full speed.
    if (hub.journal.commits > 0) this.#failures = 0;
    const fields = { event: "hub.failed", error: cause };
    this.#parts.logger.error?.(fields, "the task hub failed, and opens its store again");
    hub.stop(unavailable("The task hub could not commit; the outcome is unknown.", cause));
    // What is under way comes to its end first: a store has one writer.
    this.#reopening = hub.journal.quiet.then(() => this.#retry(cause));
  }

  #retry(cause: unknown): void {
    this.#cause = cause;
    if (this.#closing) return;
    const delay = Math.min(firstRetryMs * 2 ** this.#failures, lastRetryMs);
    // The first attempt is made at once: most failures are one commit's.
    if (this.#failures++ === 0) return this.#reopen();
    this.#cancelRetry = this.#parts.clock.schedule(() => this.#reopen(), delay);
  }

  #reopen(): void {
    this.#reopening = this.open().then(
      () => this.#reopened(),
      (error: unknown) => this.#retry(error),
    );
  }

  #reopened(): void {
    this.#parts.logger.warn?.({ event: "hub.reopened" }, "the task hub has opened its store again");
  }
}

function closed(): TaskHubError {
  return new TaskHubError("FAILED_PRECONDITION", "The task hub is closed.");
}

function fence(value: string): Batch {
  return { ...emptyBatch, fence: value };
}
