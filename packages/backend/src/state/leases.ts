import type { WorkStream } from "../dispatch/work-stream.ts";
import type { Alarm } from "../time/alarms.ts";
import { backOffMs } from "./back-offs.ts";
import type { Instance } from "./instance.ts";
import { LeaseTable } from "./lease-table.ts";
import type { Suspect } from "./suspect.ts";
import type { Activity, ActivityLease, Lease, TurnLease } from "./work.ts";

/** How long workers may be at things, in milliseconds. */
export interface LeaseLimits {
  /** For a worker whose connection is lost. */
  readonly graceMs: number;
  /** For all workers, by kind of work; Infinity is no limit. */
  readonly turnMs: number;
  readonly activityMs: number;
}

/** What leases need of the hub. */
interface LeaseHost {
  /** Differs with every opening: tokens are never the same for two pasts. */
  readonly epoch: string;
  readonly clock: { now(): number };
  readonly alarms: { add(due: number, ring: () => void): Alarm };
  readonly delays: { after(delayMs: number, act: () => void): () => void };
  readonly quarantine: {
    readonly isExclusive: boolean;
    check(): void;
    returned(suspect: Suspect): void;
  };
  considerTurn(instance: Instance): void;
  offerActivity(activity: Activity): void;
  keepFrom(instance: Instance, stream: WorkStream): void;
  keepActivityFrom(activity: Activity, stream: WorkStream): void;
  pauseFor(instance: Instance, delayMs: number): void;
}

/** So many turns that were given to others may still be completed by those who had them first. */
const maxLateTurns = 4;
/** An item whose worker goes away so soon, more than once, seems to be why. */
const quickMs = 1_000;

/**
 * What workers are at, by completion token, and what becomes of it when they bring nothing (rule 17).
 *
 * A lease that was taken back is good for as long as nobody else has brought a result. One whose stream is still open stays
 * here, since it stays on that worker's account.
 */
export class Leases {
  readonly #host: LeaseHost;
  readonly #limits: LeaseLimits;
  readonly #table = new LeaseTable();
  readonly #isWatching = { turn: false, activity: false };

  constructor(host: LeaseHost, limits: LeaseLimits) {
    this.#host = host;
    this.#limits = limits;
  }

  get size(): number {
    return this.#table.size;
  }

  get(token: string): Lease | undefined {
    return this.#table.get(token);
  }

  /** A token that was never there before. Its lease is the next that is added. */
  newToken(): string {
    return this.#table.newToken(this.#host.epoch);
  }

  /** In the order in which they were made. */
  values(): readonly Lease[] {
    return this.#table.values();
  }

  add(lease: Lease): void {
    this.#table.add(lease);
    if (!this.#isWatching[lease.kind]) this.#watch(lease);
  }

  /**
   * The worker is done with it, one way or another, and may take something else. The caller then serves the stream.
   */
  release(lease: Lease): void {
    // Whose lease is not here any more has his credit back already.
    if (this.#table.delete(lease)) lease.stream.refund(lease);
    if (this.#host.quarantine.isExclusive) this.#host.quarantine.check();
  }

  /**
   * The stream has ended. A worker that closed it will bring nothing any more; one that has lost its connection may, on
   * the next one: what it was at stays leased for a while.
   */
  ended(stream: WorkStream): void {
    for (const lease of this.values()) if (lease.stream === stream) this.#returned(lease);
  }

  #returned(lease: Lease): void {
    const { delays } = this.#host;
    if (lease.stream.end?.by !== "connection" || this.#limits.graceMs === 0) {
      this.#table.delete(lease);
      return this.#giveBack(lease);
    }
    delays.after(this.#limits.graceMs, () => {
      if (this.#table.delete(lease)) this.#takeBack(lease, 0);
    });
  }

  /** The turn comes to nothing: it is to be handed out again. */
  giveUpTurn({ instance }: TurnLease): void {
    instance.turn = undefined;
    instance.session = undefined;
    if (instance.suspect) this.#host.quarantine.returned(instance.suspect);
  }

  /** At once; but what ends its worker over and over comes back after a while that grows. */
  #giveBack(lease: Lease): void {
    const item = lease.kind === "turn" ? lease.instance : lease.activity;
    const isQuick = this.#host.clock.now() - lease.since < quickMs;
    item.quickReturns = isQuick ? item.quickReturns + 1 : 0;
    this.#takeBack(lease, item.quickReturns > 1 ? backOffMs(item.quickReturns - 1) : 0);
  }

  #takeBack(lease: Lease, delayMs: number): void {
    // Without its stream, no more of an answer will come.
    if (lease.kind === "turn" && lease.stream.end) lease.chunks = undefined;
    if (!isCurrent(lease)) return;
    if (lease.kind === "turn") this.#takeTurn(lease, delayMs);
    else this.#takeActivity(lease, delayMs);
  }

  #takeTurn(lease: TurnLease, delayMs: number): void {
    const { instance } = lease;
    this.giveUpTurn(lease);
    instance.lateTurns = [...(instance.lateTurns ?? []), lease].slice(-maxLateTurns);
    if (delayMs > 0) this.#host.pauseFor(instance, delayMs);
    else this.#host.considerTurn(instance);
  }

  #takeActivity({ activity }: ActivityLease, delayMs: number): void {
    if (activity.suspect) this.#host.quarantine.returned(activity.suspect);
    if (delayMs === 0) return this.#host.offerActivity(activity);
    activity.state = "held";
    this.#host.delays.after(delayMs, () => {
      if (activity.state === "held") this.#host.offerActivity(activity);
    });
  }

  // One alarm a kind, for the oldest: most leases end long before.
  #watch({ kind, since }: Lease): void {
    const limitMs = kind === "turn" ? this.#limits.turnMs : this.#limits.activityMs;
    if (limitMs === Infinity) return;
    this.#isWatching[kind] = true;
    this.#host.alarms.add(since + limitMs, () => {
      this.#isWatching[kind] = false;
      this.#expire(kind, this.#host.clock.now() - limitMs);
    });
  }

  /** Takes back what is older: others may have it at once, the worker that hangs after a while. */
  #expire(kind: Lease["kind"], since: number): void {
    for (const lease of this.values()) {
      if (lease.kind !== kind || !isCurrent(lease)) continue;
      if (lease.since > since) return this.#watch(lease);
      if (lease.kind === "turn") this.#host.keepFrom(lease.instance, lease.stream);
      else this.#host.keepActivityFrom(lease.activity, lease.stream);
      this.#takeBack(lease, 0);
    }
  }
}

/** Whether its item was neither given to somebody else since, nor is done. */
export function isCurrent(lease: Lease): boolean {
  if (lease.kind === "turn") return lease.instance.turn === lease;
  return lease.activity.state === "leased" && lease.activity.lease === lease;
}

/** Nobody who is at the instance's turn, or was, may complete it any more. */
export function fenceTurns(instance: Instance): void {
  const { turn, lateTurns } = instance;
  if (turn) turn.chunks = undefined;
  for (const late of lateTurns ?? []) late.chunks = undefined;
  instance.turn = undefined;
  instance.lateTurns = undefined;
}

/** Whether its turn may be committed: nobody else has committed one since. */
export function isGood(lease: TurnLease): boolean {
  return isCurrent(lease) || lease.instance.lateTurns?.includes(lease) === true;
}
