import type { Clock } from "@durabletask/core";

/** The wall clock is looked at again at least this often, so that its jumps are noticed (rule 19). */
const maxSleepMs = 30_000;
/** How many alarms ring before the event loop gets its turn. */
const maxRings = 1_000;

/** Something to do at an instant. */
export interface Alarm {
  readonly due: number;
  /** Position in the heap; -1 once it has rung or was cancelled. */
  index: number;
  readonly ring: () => void;
}

/**
 * All instants that the hub waits for, behind one re-armed timer of the clock; what takes a while is a delay. An alarm never rings before its instant
 * (rule 19); those of one instant ring in no particular order.
 */
export class Alarms {
  readonly #clock: Clock;
  readonly #heap: Alarm[] = [];
  #armedFor = Infinity;
  #disarm: (() => void) | undefined;
  readonly #onError: (error: unknown) => void;
  #stopped = false;

  /** `onError` is told what breaks off as it rings. The other alarms ring all the same, unless it stops them. */
  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  get size(): number {
    return this.#heap.length;
  }

  add(due: number, ring: () => void): Alarm {
    const alarm: Alarm = { due, ring, index: this.#heap.length };
    this.#heap.push(alarm);
    this.#rise(alarm);
    if (due < this.#armedFor) this.#arm();
    return alarm;
  }

  cancel(alarm: Alarm): void {
    const { index } = alarm;
    if (index < 0) return;
    alarm.index = -1;
    const last = this.#heap.pop();
    if (!last || last === alarm) return;
    this.#place(last, index);
    this.#rise(last);
    this.#sink(last);
  }

  /** Nothing rings after it. */
  stop(): void {
    this.#stopped = true;
    this.#disarm?.();
    for (const alarm of this.#heap) alarm.index = -1;
    this.#heap.length = 0;
  }

  #arm(): void {
    this.#disarm?.();
    const first = this.#heap[0];
    if (!first || this.#stopped) {
      this.#armedFor = Infinity;
      this.#disarm = undefined;
      return;
    }
    const now = this.#clock.now();
    const delay = Math.min(Math.max(first.due - now, 0), maxSleepMs);
    this.#armedFor = now + delay;
    this.#disarm = this.#clock.schedule(() => this.#ringDue(), delay);
  }

  #ringDue(): void {
    // While alarms ring nothing re-arms: the end of this function does.
    this.#armedFor = -Infinity;
    for (let rings = 0; rings < maxRings; rings++) {
      const first = this.#heap[0];
      // Timers may come early by a millisecond: look, do not trust.
      if (!first || first.due > this.#clock.now()) break;
      this.cancel(first);
      this.#ring(first);
    }
    this.#arm();
  }

  #ring({ ring }: Alarm): void {
    try {
      ring();
    } catch (error) {
      this.#onError(error);
    }
  }

  #rise(alarm: Alarm): void {
    let { index } = alarm;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#heap[above];
      if (!parent || parent.due <= alarm.due) break;
      this.#place(parent, index);
      index = above;
    }
    this.#place(alarm, index);
  }

  #sink(alarm: Alarm): void {
    let { index } = alarm;
    for (;;) {
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      const least = left && right && right.due < left.due ? right : left;
      if (!least || least.due >= alarm.due) break;
      const below = least.index;
      this.#place(least, index);
      index = below;
    }
    this.#place(alarm, index);
  }

  #place(alarm: Alarm, index: number): void {
    this.#heap[index] = alarm;
    alarm.index = index;
  }
}
