import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { HistoryEvent } from "@durabletask/protobuf";
import { DurableTask } from "./durable-task.ts";
import { type DurableCall, TaskCanceledError } from "./errors.ts";
import type { Asked } from "./action-log.ts";
import type { Execution, OpenCall } from "./execution.ts";
import type { TimerTask } from "./task.ts";
import { timestampFromMs, timestampToMs } from "./timestamp.ts";

/**
 * A timer of any length. One that is longer than the maximum interval is a chain: each link has an id of its own, and
 * the next is made when one fires.
 */
export class TimerCall implements OpenCall, Asked {
  readonly kind = "timer";
  readonly #execution: Execution;
  readonly #onFired: () => void;
  #fireAtMs: number;
  #linkEndsMs = 0;
  #id = 0;

  private constructor(execution: Execution, fireAtMs: number, onFired: () => void) {
    this.#execution = execution;
    this.#fireAtMs = fireAtMs;
    this.#onFired = onFired;
  }

  /** Makes a timer and asks for it. */
  static start(execution: Execution, fireAtMs: number, onFired: () => void): TimerCall {
    const call = new TimerCall(execution, fireAtMs, onFired);
    call.#addLink();
    return call;
  }

  fired(): void {
    if (this.#linkEndsMs < this.#fireAtMs) this.#addLink();
    else this.#onFired();
  }

  /** Takes an unsent timer back. What was sent has no cancellation on the wire: its firing is ignored (E6). */
  cancel(): void {
    this.#execution.actions.drop(this.#id);
    this.#execution.dropped(this.#id);
  }

  #addLink(): void {
    const { nowMs, options } = this.#execution;
    this.#linkEndsMs = Math.min(this.#fireAtMs, nowMs + options.maximumTimerIntervalMs);
    this.#id = this.#execution.actions.add(this);
    this.#execution.opened(this.#id, this);
  }

  get action(): Asked["action"] {
    const isLast = this.#linkEndsMs === this.#fireAtMs;
    const fireAt = isLast ? timestampFromMs(this.#fireAtMs) : linkTimestamp(this.#linkEndsMs);
    return { case: "createTimer", value: { $typeName: "CreateTimerAction", fireAt } };
  }

  get call(): DurableCall {
    return { kind: "timer", name: "" };
  }

  isRecordedBy(type: HistoryEvent["eventType"]): boolean {
    return type.case === "timerCreated";
  }

  /**
   * The record wins (E5): what was a link stays one, whatever the maximum interval is now, and what was the end of the timer
   * stays its end, whatever the code asks for now.
   */
  adopt({ eventType }: HistoryEvent): void {
    if (eventType.case !== "timerCreated" || eventType.value.fireAt === undefined) return;
    const { fireAt } = eventType.value;
    const recordedMs = isMarked(fireAt) ? timestampToMs(fireAt) - 1 : timestampToMs(fireAt);
    const endsMs = this.#isLink(fireAt, recordedMs)
      ? Math.max(recordedMs, this.#fireAtMs)
      : recordedMs;
    if (endsMs !== this.#fireAtMs) this.#warn(recordedMs);
    this.#linkEndsMs = recordedMs;
    this.#fireAtMs = endsMs;
  }

  /** A hub that keeps whole milliseconds has lost the mark. There, what ends a maximum interval from now counts as a link. */
  #isLink(fireAt: Timestamp, recordedMs: number): boolean {
    const { nowMs, options } = this.#execution;
    return isMarked(fireAt) || recordedMs === nowMs + options.maximumTimerIntervalMs;
  }

  #warn(recordedMs: number): void {
    const attemptedMs = this.#fireAtMs;
    this.#execution.warnOfAdoption(
      { event: "timer.adopted", eventId: this.#id, recordedMs, attemptedMs },
      "the recorded fire time of a timer differs from the one that the code asks for now; the recorded one holds",
    );
  }
}

/** A microsecond past the whole millisecond marks the end of a link: the wire has no field that tells it from the end. */
const markNanos = 1000;

function linkTimestamp(ms: number): Timestamp {
  const whole = timestampFromMs(ms);
  return { ...whole, nanos: whole.nanos + markNanos };
}

function isMarked({ nanos }: Timestamp): boolean {
  return nanos % 1_000_000 === markNanos;
}

/** The task of a timer that the orchestrator made. */
export class DurableTimer extends DurableTask<void> implements TimerTask {
  readonly #call: TimerCall;
  #isCanceled = false;

  constructor(execution: Execution, fireAtMs: number) {
    super(execution.flow);
    this.#call = TimerCall.start(execution, fireAtMs, () => this.complete());
  }

  get isCanceled(): boolean {
    return this.#isCanceled;
  }

  cancel(): void {
    if (this.isCompleted) return;
    this.#isCanceled = true;
    this.#call.cancel();
    this.fail(new TaskCanceledError("the timer"));
  }
}
