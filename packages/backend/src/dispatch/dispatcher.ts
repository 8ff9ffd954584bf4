import type { WorkItem } from "@durabletask/protobuf";
import type { Instance } from "../state/instance.ts";
import type { Activity } from "../state/work.ts";
import { ReadyQueue } from "./ready-queue.ts";
import type { StreamEnd, WorkStream } from "./work-stream.ts";

/** What can be asked of workers. */
export type WorkKind = "orchestration" | "activity";

/** What the dispatcher asks of the hub. */
export interface WorkSource {
  /**
   * False while a batch is full, which must reach the disk first, until the event loop has come round after a slice of
   * work, or while something is to run alone. The source pumps when it changes.
   */
  readonly mayHandOut: boolean;
  /** Leases a turn. Nothing comes back when there is none any more, or when its history must be read first. */
  leaseTurn(instance: Instance, stream: WorkStream): WorkItem | undefined;
  leaseActivity(activity: Activity, stream: WorkStream): WorkItem | undefined;
  /** Leases what comes before all else, if the stream takes it. */
  leaseUrgent(stream: WorkStream): WorkItem | undefined;
  /** A stream has opened or closed. */
  streamsChanged(): void;
  /** Something stands in a queue, since nobody waits for it. */
  queued(): void;
  /** The worker is gone; what it was at goes to others. */
  streamEnded(stream: WorkStream): void;
  /** Handing out or taking back broke off, with no command to take it for a crash of its own. It ends all streams. */
  failed(error: unknown): void;
}

/**
 * Brings ready work and waiting workers together: work is pushed, never polled, and an item is leased at the moment in
 * which a worker's `next()` resolves.
 *
 * Owns the ready queues and the streams. Does not know what work means: the source leases it.
 */
export class Dispatcher {
  readonly #source: WorkSource;
  readonly #turns = new ReadyQueue<Instance, WorkStream>();
  readonly #activities = new ReadyQueue<Activity, WorkStream>();
  readonly #streams = new Set<WorkStream>();
  // Those with turns that are kept for their next call.
  readonly #preferring = new Set<WorkStream>();
  // Streams with a `next()` that waits, in the order in which they are served next.
  readonly #waiting = new Set<WorkStream>();
  #spill: NodeJS.Immediate | undefined;

  constructor(source: WorkSource) {
    this.#source = source;
  }

  /** Open streams. */
  get streams(): number {
    return this.#streams.size;
  }

  open(stream: WorkStream): void {
    this.#streams.add(stream);
    this.#turns.open(stream.turnFilter);
    this.#activities.open(stream.activityFilter);
    this.#source.streamsChanged();
  }

  /** Whether an open stream takes work of this name and version, busy as it may be. */
  hasStreamFor(kind: WorkKind, name: string, version: string | undefined): boolean {
    for (const { turnFilter, activityFilter } of this.#streams) {
      const filter = kind === "orchestration" ? turnFilter : activityFilter;
      if (filter.accepts(name, version)) return true;
    }
    return false;
  }

  /** Ends a stream; unless the hub itself went away, its leases are given back. */
  close(stream: WorkStream, end: StreamEnd): void {
    if (stream.end) return;
    this.#streams.delete(stream);
    this.#waiting.delete(stream);
    this.#turns.close(stream.turnFilter);
    this.#activities.close(stream.activityFilter);
    stream.finish(end);
    if (end.by === "hub") return;
    this.#attempt(() => {
      this.#source.streamEnded(stream);
      this.#spillPreferred(stream);
      this.#source.streamsChanged();
    });
    this.pump();
  }

  closeAll(error: unknown): void {
    clearImmediate(this.#spill);
    for (const stream of this.#streams) this.close(stream, { by: "hub", error });
  }

  /** What the stream can have at once. */
  ready(stream: WorkStream): WorkItem | undefined {
    try {
      return this.#take(stream);
    } catch (error) {
      this.#source.failed(error);
      return undefined;
    }
  }

  next(stream: WorkStream): Promise<IteratorResult<WorkItem, undefined>> {
    const item = this.ready(stream);
    if (item) return Promise.resolve({ done: false, value: item });
    this.#waiting.add(stream);
    return stream.wait();
  }

  /** A turn is ready. The worker that ran the last one is asked first: it may still have the session. */
  offerTurn(instance: Instance): void {
    instance.place?.leave();
    const { name, version } = instance.start;
    const last = instance.session?.stream;
    const refused = instance.backOffs?.refusal;
    if (last?.takesTurn(name, version) && !refused?.takers.has(last)) {
      if (last.isWaiting && this.#giveTurn(last, instance)) return;
      instance.place = last.preferred.push(instance);
      this.#preferring.add(last);
      this.#spill ??= setImmediate(() => this.#spillAll());
      return;
    }
    for (const stream of this.#waiting) {
      if (refused?.takers.has(stream)) continue;
      if (stream.takesTurn(name, version) && this.#giveTurn(stream, instance)) return;
    }
    instance.place = this.#turns.push(name, version, instance, refused);
    this.#source.queued();
  }

  offerActivity(activity: Activity): void {
    activity.place?.leave();
    const { name, version } = activity.event;
    const refused = activity.backOffs?.refusal;
    for (const stream of this.#waiting) {
      if (!this.#source.mayHandOut) break;
      if (refused?.takers.has(stream) || !stream.takesActivity(name, version)) continue;
      const item = this.#source.leaseActivity(activity, stream);
      if (item) this.#give(stream, item);
      return;
    }
    activity.place = this.#activities.push(name, version, activity, refused);
    this.#source.queued();
  }

  /** Serves those who wait from what is ready: after a batch was sent, after credits came back. */
  pump(): void {
    this.#attempt(() => {
      for (const stream of this.#waiting) this.serve(stream);
    });
  }

  /** Serves one stream, if it waits. */
  serve(stream: WorkStream): void {
    while (stream.isWaiting) {
      const item = this.#take(stream);
      if (!item) return;
      this.#give(stream, item);
    }
  }

  /** False if it has to wait in a queue; true also if there was nothing to give any more. */
  #giveTurn(stream: WorkStream, instance: Instance): boolean {
    if (!this.#source.mayHandOut) return false;
    const item = this.#source.leaseTurn(instance, stream);
    if (item) this.#give(stream, item);
    return true;
  }

  /** For what no command does, so that nobody else takes it for a crash where it breaks off. */
  #attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#source.failed(error);
    }
  }

  #give(stream: WorkStream, item: WorkItem): void {
    stream.give(item);
    // To the end of the line, or out of it.
    this.#waiting.delete(stream);
    if (stream.isWaiting) this.#waiting.add(stream);
  }

  #take(stream: WorkStream): WorkItem | undefined {
    const urgent = this.#source.leaseUrgent(stream);
    if (urgent) return urgent;
    const item = stream.isActivityNext
      ? (this.#takeActivity(stream) ?? this.#takeTurn(stream))
      : (this.#takeTurn(stream) ?? this.#takeActivity(stream));
    if (item) stream.noteKind(item.request.case === "activityRequest");
    return item;
  }

  #takeTurn(stream: WorkStream): WorkItem | undefined {
    while (stream.turnCredits > 0 && this.#source.mayHandOut) {
      const instance = stream.preferred.shift() ?? this.#turns.take(stream.turnFilter, stream);
      if (!instance) return undefined;
      const item = this.#source.leaseTurn(instance, stream);
      if (item) return item;
    }
    return undefined;
  }

  #takeActivity(stream: WorkStream): WorkItem | undefined {
    while (stream.activityCredits > 0 && this.#source.mayHandOut) {
      const activity = this.#activities.take(stream.activityFilter, stream);
      if (!activity) return undefined;
      const item = this.#source.leaseActivity(activity, stream);
      if (item) return item;
    }
    return undefined;
  }

  // A worker that did not come back within one round of the event loop loses its privilege.
  #spillAll(): void {
    this.#spill = undefined;
    for (const stream of this.#preferring) this.#spillPreferred(stream);
    this.pump();
  }

  #spillPreferred(stream: WorkStream): void {
    const { preferred } = stream;
    this.#preferring.delete(stream);
    for (let instance = preferred.shift(); instance; instance = preferred.shift()) {
      const { name, version } = instance.start;
      const refused = instance.backOffs?.refusal;
      instance.place = this.#turns.push(name, version, instance, refused);
    }
  }
}
