import type { EventRaisedEvent } from "@durabletask/protobuf";
import { Queue } from "./queue.ts";

/** Somebody who waits for an event of one name. */
export interface EventWaiter {
  /** The name as the code spells it. */
  readonly eventName: string;
  /** Takes the payload of an event. Not called again after it. */
  deliver(event: EventRaisedEvent): void;
  /** Whether it still waits. One that gave up never swallows an event. */
  readonly isWaiting: boolean;
}

interface Buffered {
  readonly order: number;
  readonly event: EventRaisedEvent;
}

/**
 * Events from outside, and who waits for them. Names are compared without regard to case; both sides are served in the
 * order in which they came. What nobody waits for is kept.
 */
export class ExternalEvents {
  // Keys come from outside, so these are maps, never plain objects (E8). Most sessions need one of them, or none.
  #buffered: Map<string, Queue<Buffered>> | undefined;
  #waiters: Map<string, Queue<EventWaiter>> | undefined;
  #arrivals = 0;
  #isClosed = false;

  /** The execution has ended: from now on events are only kept, for the next one (E10). */
  close(): void {
    this.#isClosed = true;
    this.#waiters = undefined;
  }

  /** An event has come. */
  raise(event: EventRaisedEvent): void {
    const key = event.name.toLowerCase();
    const waiters = this.#waiters?.get(key);
    for (let waiter = waiters?.shift(); waiter !== undefined; waiter = waiters?.shift()) {
      if (waiter.isWaiting) return waiter.deliver(event);
    }
    this.#arrivals += 1;
    queueOf((this.#buffered ??= new Map()), key).push({ order: this.#arrivals, event });
  }

  /** Gives the waiter the oldest event of that name, or lets it wait. */
  await(name: string, waiter: EventWaiter): void {
    if (this.#isClosed) return;
    const key = name.toLowerCase();
    const buffered = this.#buffered?.get(key)?.shift();
    if (buffered === undefined) queueOf((this.#waiters ??= new Map()), key).push(waiter);
    else waiter.deliver(buffered.event);
  }

  /** The names that are awaited, each as often as somebody waits for it. */
  awaitedNames(): string[] {
    const waiters = [...(this.#waiters?.values() ?? [])].flatMap((queue) => [...queue]);
    return waiters.filter((waiter) => waiter.isWaiting).map((waiter) => waiter.eventName);
  }

  /** Takes all events that nobody has awaited, in the order and spelling in which they came. */
  takeAll(): EventRaisedEvent[] {
    const all: Buffered[] = [];
    for (const queue of this.#buffered?.values() ?? []) {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) all.push(item);
    }
    return all.toSorted((a, b) => a.order - b.order).map((item) => item.event);
  }
}

function queueOf<T>(queues: Map<string, Queue<T>>, key: string): Queue<T> {
  let queue = queues.get(key);
  if (queue === undefined) {
    queue = new Queue();
    queues.set(key, queue);
  }
  return queue;
}
