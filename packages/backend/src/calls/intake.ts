import type { CallOptions, Clock } from "@durabletask/core";
import { TaskHubError } from "@durabletask/core";
import { Fifo } from "../dispatch/fifo.ts";
import { limit } from "./call-limits.ts";

/** So much and no more: calls, and characters of the payloads that they bring. */
export interface IntakeLimit {
  readonly calls: number;
  readonly characters: number;
}

/** What the hub takes in before it is on disk. */
const defaultUnderWay: IntakeLimit = { calls: 10_000, characters: 64 * 1024 ** 2 };
/** What waits for that. */
const defaultWaiting: IntakeLimit = { calls: 200_000, characters: 256 * 1024 ** 2 };

interface Waiting {
  readonly characters: number;
  readonly enter: () => void;
  hasEntered: boolean;
  hasLeft: boolean;
}

/**
 * Bounds what clients can bring while the disk stands still or is slower than they are: so many calls are under way, the
 * others wait in their order, and when too many wait already a call is refused. What workers bring is bounded by what
 * they were given.
 */
export class Intake {
  readonly #clock: Clock;
  readonly #underWay: Gauge;
  readonly #waiting: Gauge;
  readonly #queue = new Fifo<Waiting>();

  constructor(
    clock: Clock,
    underWay: IntakeLimit = defaultUnderWay,
    waiting: IntakeLimit = defaultWaiting,
  ) {
    this.#clock = clock;
    this.#underWay = new Gauge(underWay);
    this.#waiting = new Gauge(waiting);
  }

  /** Makes a call that brings so many characters, when it is its turn. Rejects with RESOURCE_EXHAUSTED if too many wait. */
  async run<T>(characters: number, options: CallOptions, call: () => Promise<T>): Promise<T> {
    if (this.#queue.size > 0 || !this.#underWay.hasRoom(characters)) {
      await this.#wait(characters, options);
    } else {
      this.#underWay.add(characters);
    }
    try {
      return await call();
    } finally {
      this.#underWay.subtract(characters);
      this.#admit();
    }
  }

  async #wait(characters: number, options: CallOptions): Promise<void> {
    if (!this.#waiting.hasRoom(characters)) throw tooMuch(this.#waiting.calls);
    this.#waiting.add(characters);
    const turn = Promise.withResolvers<void>();
    const waiting: Waiting = { characters, enter: turn.resolve, hasEntered: false, hasLeft: false };
    this.#queue.push(waiting);
    const release = limit(options, this.#clock, turn.reject);
    try {
      await turn.promise;
    } catch (error) {
      this.#leave(waiting);
      throw error;
    } finally {
      release();
    }
  }

  /** A caller gave up: while it waited, or in the very moment that its turn came. */
  #leave(waiting: Waiting): void {
    if (waiting.hasEntered) this.#underWay.subtract(waiting.characters);
    else this.#waiting.subtract(waiting.characters);
    waiting.hasLeft = true;
    this.#admit();
  }

  #admit(): void {
    for (;;) {
      const next = this.#queue.peek();
      if (!next) return;
      if (!next.hasLeft && !this.#underWay.hasRoom(next.characters)) return;
      this.#queue.shift();
      if (next.hasLeft) continue;
      this.#waiting.subtract(next.characters);
      this.#underWay.add(next.characters);
      next.hasEntered = true;
      next.enter();
    }
  }
}

/** How much of a limit is used. */
class Gauge {
  readonly #limit: IntakeLimit;
  calls = 0;
  #characters = 0;

  constructor(limit: IntakeLimit) {
    this.#limit = limit;
  }

  /** One call alone has room, however large it is. */
  hasRoom(characters: number): boolean {
    if (this.calls === 0) return true;
    return (
      this.calls < this.#limit.calls && this.#characters + characters <= this.#limit.characters
    );
  }

  add(characters: number): void {
    this.calls++;
    this.#characters += characters;
  }

  subtract(characters: number): void {
    this.calls--;
    this.#characters -= characters;
  }
}

function tooMuch(waiting: number): TaskHubError {
  return new TaskHubError(
    "RESOURCE_EXHAUSTED",
    `The task hub takes no more: ${waiting} calls wait already for its store, whose disk is slow or stands still. The call had` +
      " no effect; repeat it later, and make fewer at a time.",
  );
}
