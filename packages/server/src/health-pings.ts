import { create } from "@bufbuild/protobuf";
import type { Clock } from "@durabletask/core";
import { WorkItemSchema, type WorkItem } from "@durabletask/protobuf";
import type { ServedStream } from "./served-stream.ts";

/**
 * Sends a health ping down a stream of work that has been silent for a while: workers take long silence for a lost
 * connection. Pings need no credit, and the task hub is not asked.
 */
export class HealthPings {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #stream: ServedStream<WorkItem>;
  #lastMessage: number;
  #cancel: (() => void) | undefined;

  constructor(stream: ServedStream<WorkItem>, intervalMs: number, clock: Clock) {
    this.#stream = stream;
    this.#intervalMs = intervalMs;
    this.#clock = clock;
    this.#lastMessage = clock.now();
    if (intervalMs > 0) this.#arm(intervalMs);
  }

  /** Something was sent. */
  messageSent(): void {
    this.#lastMessage = this.#clock.now();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  // One timer for the whole stream, re-armed when it rings: cheaper than one for each message.
  #arm(delayMs: number): void {
    this.#cancel = this.#clock.schedule(() => {
      const now = this.#clock.now();
      // Clocks jump: a negative age counts as none, and no wait is longer than the interval.
      const age = Math.max(now - this.#lastMessage, 0);
      const isSilent = age >= this.#intervalMs;
      // Where nobody waits for a message the reader is slow: there is one on the way already.
      if (isSilent && this.#stream.ping(healthPing())) this.#lastMessage = now;
      this.#arm(isSilent ? this.#intervalMs : this.#intervalMs - age);
    }, delayMs);
  }
}

function healthPing(): WorkItem {
  return create(WorkItemSchema, { request: { case: "healthPing", value: {} } });
}
