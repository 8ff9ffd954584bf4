import type { OpenBatch } from "./journal.ts";
import type { Suspect } from "./suspect.ts";

/** So many times an item is handed out beside others; from then on alone. */
const attemptsInCompany = 2;
/**
 * How long is waited until all is quiet, and a quarter of how long the first item that is handed out alone has nobody beside it: twice
 * as long with each attempt.
 */
const quietMs = 1_000;
/** Nobody is alone for longer: who dies of it later than that is not told from others. */
const maxAloneMs = 256_000;

/** What the quarantine needs of the hub. */
export interface QuarantineHost {
  readonly delays: { after(delayMs: number, act: () => void): () => void };
  readonly journal: { begin(): OpenBatch };
  /** Whether no worker is at anything. */
  readonly isQuiet: boolean;
  /** Whether the worker of an open stream would take it. */
  canTake(suspect: Suspect): boolean;
  /** Puts it into the ready queue. */
  offer(suspect: Suspect): void;
  /** Serves workers that wait. */
  pump(): void;
}

/**
 * Poison work (rule 9). After the process has died, everything that was open is suspect: it is handed out only once the
 * attempt is on disk, and with its third attempt alone, so that a death can be blamed on it. Only such deaths count.
 *
 * Alone means that nobody else is at work: hand-outs stop until all is quiet. That lasts for a while only, and longer with
 * each attempt up to a few minutes, or an innocent that takes an hour would stop the hub for as long. When the others come back, the
 * attempt no longer counts; and if it does not get quiet within a second, all that still wait go at once. So however many
 * suspects there are, others wait for the first one's time alone and that second, and for suspects that are done at once.
 *
 * An attempt that ends otherwise than by the death of the process is taken back.
 */
export class Quarantine {
  readonly #host: QuarantineHost;
  /** Those whose turn to run alone is yet to come. */
  readonly #waiting = new Set<Suspect>();
  readonly #out = new Set<Suspect>();
  /** The one that runs alone, or is about to. */
  #current: Suspect | undefined;
  /** Takes away the end of the time for which it may be alone. */
  #keepQuiet: (() => void) | undefined;

  constructor(host: QuarantineHost) {
    this.#host = host;
  }

  /** While true nothing else is handed out. */
  get isExclusive(): boolean {
    return this.#current !== undefined;
  }

  /** What is to be handed out before all else. */
  get admitted(): Suspect | undefined {
    return this.#current?.state === "admitted" ? this.#current : undefined;
  }

  /** A suspect item is ready. */
  offered(suspect: Suspect): void {
    if (suspect.state !== "admitted" && suspect.attempts >= attemptsInCompany) {
      this.#waiting.add(suspect);
      this.#choose();
    } else if (suspect === this.#current) this.#host.pump();
    else this.#host.offer(suspect);
  }

  /** Whether it may be leased now. If not, it is offered again once it may. */
  admits(suspect: Suspect): boolean {
    if (suspect.state === "idle" && suspect.attempts < attemptsInCompany) this.#attempt(suspect);
    if (suspect.state !== "admitted") return false;
    suspect.state = "out";
    this.#out.add(suspect);
    return true;
  }

  /** The attempt is on disk. */
  committed(suspect: Suspect): void {
    if (suspect.state !== "committing") return;
    suspect.state = "admitted";
    this.offered(suspect);
  }

  /** Streams or leases have come or gone. */
  check(): void {
    const current = this.#current;
    if (!current) return this.#choose();
    if (current.state === "idle" && this.#host.isQuiet) return this.#attemptAlone(current);
    if (current.state === "out" || this.#host.canTake(current)) return;
    // Its worker has left before it was handed out.
    this.#takeBack(current);
    this.#waiting.add(current);
    this.#release();
  }

  /** The worker gave it back, alive. */
  returned(suspect: Suspect): void {
    if (suspect.state !== "out") return;
    this.#takeBack(suspect);
    if (suspect === this.#current) this.#release();
  }

  /** It is done, or nobody wants it any more. */
  settle(suspect: Suspect): void {
    suspect.clear();
    this.#out.delete(suspect);
    this.#waiting.delete(suspect);
    if (suspect.attempts > 0) {
      suspect.attempts = 0;
      this.#record(suspect);
    }
    if (suspect === this.#current) this.#release();
  }

  /** Nothing that is out will die of this close. */
  close(): void {
    for (const suspect of this.#out) this.#takeBack(suspect);
  }

  #choose(): void {
    if (this.#current) return;
    for (const suspect of this.#waiting) {
      if (!this.#host.canTake(suspect)) continue;
      this.#waiting.delete(suspect);
      this.#current = suspect;
      if (this.#host.isQuiet) this.#attemptAlone(suspect);
      else this.#limit(suspect, quietMs);
      return;
    }
  }

  #attemptAlone(suspect: Suspect): void {
    this.#limit(suspect, Math.min(quietMs * 2 ** suspect.attempts, maxAloneMs));
    suspect.isAlone = true;
    suspect.alone++;
    this.#attempt(suspect);
  }

  #limit(suspect: Suspect, ms: number): void {
    this.#keepQuiet?.();
    this.#keepQuiet = this.#host.delays.after(ms, () => this.#endQuiet(suspect));
  }

  #attempt(suspect: Suspect): void {
    suspect.state = "committing";
    suspect.attempts++;
    this.#record(suspect).suspects.push(suspect);
  }

  #takeBack(suspect: Suspect): void {
    this.#out.delete(suspect);
    if (suspect.state !== "idle") {
      suspect.state = "idle";
      suspect.attempts--;
    }
    this.#acquit(suspect);
    this.#record(suspect);
  }

  #acquit(suspect: Suspect): void {
    if (suspect.isAlone) suspect.alone--;
    suspect.isAlone = false;
  }

  /** Others join: whoever kills the process now cannot be told. */
  #endQuiet(suspect: Suspect): void {
    if (suspect.state === "idle") {
      // It does not get quiet: nobody else need wait for that one after the other.
      this.#attempt(suspect);
      for (const other of this.#waiting) {
        if (!this.#host.canTake(other)) continue;
        this.#waiting.delete(other);
        this.#attempt(other);
      }
    }
    this.#acquit(suspect);
    this.#record(suspect);
    this.#release();
    if (suspect.state === "admitted") this.#host.offer(suspect);
  }

  #release(): void {
    this.#current = undefined;
    this.#keepQuiet?.();
    this.#choose();
    if (!this.#current) this.#host.pump();
  }

  #record(suspect: Suspect): OpenBatch {
    const batch = this.#host.journal.begin();
    batch.attempts.set(suspect, suspect.toRecord());
    return batch;
  }
}
