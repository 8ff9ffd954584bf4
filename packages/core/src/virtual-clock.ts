import type { Clock } from "./clock.ts";

interface Appointment {
  due: number;
  readonly callback: () => void;
}

/** A clock that moves only when told to: a month passes in milliseconds, and always in the same way. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #appointments = new Set<Appointment>();

  /** Starts at `now`, milliseconds since 1970. Default: 2026-01-01 UTC. */
  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  schedule(callback: () => void, delayMs: number): () => void {
    const appointment = { due: this.#now + Math.max(delayMs, 0), callback };
    this.#appointments.add(appointment);
    return () => this.#appointments.delete(appointment);
  }

  /** The instant of the next callback, if any is waiting. */
  get next(): number | undefined {
    return this.#first()?.due;
  }

  /** Lets `ms` milliseconds pass, and calls back what falls due on the way, each at its instant. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let first = this.#first(); first && first.due <= end; first = this.#first())
      this.#keep(first);
    this.#now = end;
  }

  /** Goes to the next callback and calls it. Returns false when none is waiting. */
  advanceToNext(): boolean {
    const first = this.#first();
    if (first) this.#keep(first);
    return first !== undefined;
  }

  /** Changes what the clock shows, as when an operator sets it: what waits still waits as long as before. */
  jump(ms: number): void {
    this.#now += ms;
    for (const appointment of this.#appointments) appointment.due += ms;
  }

  #first(): Appointment | undefined {
    let first: Appointment | undefined;
    for (const appointment of this.#appointments)
      if (!first || appointment.due < first.due) first = appointment;
    return first;
  }

  #keep(appointment: Appointment): void {
    this.#appointments.delete(appointment);
    this.#now = Math.max(this.#now, appointment.due);
    appointment.callback();
  }
}
