import type { HistoryEvent } from "@durabletask/protobuf";
import { DurableTask } from "./durable-task.ts";
import { TaskCanceledError } from "./errors.ts";
import type { ActionOwner } from "./action-log.ts";
import type { Execution, OpenCall } from "./execution.ts";
import type { TimerTask } from "./task.ts";
import { timestampFromMs, timestampToMs } from "./timestamp.ts";

/**
 * A timer of any length. One that is longer than the maximum interval is a chain: each link has an id of its own, and
 * the next is made when one fires.
 */
export class TimerCall implements OpenCall, ActionOwner {
  readonly hasGeneratedTarget = false;
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
    const { actions, nowMs, options } = this.#execution;
    this.#linkEndsMs = Math.min(this.#fireAtMs, nowMs + options.maximumTimerIntervalMs);
    const fireAt = timestampFromMs(this.#linkEndsMs);
    this.#id = actions.add(
      { case: "createTimer", value: { $typeName: "CreateTimerAction", fireAt } },
      this,
    );
    this.#execution.opened(this.#id, this);
  }

  /**
   * The recorded fire time wins over the one that changed code asks for (E5). A link of a chain was recorded at exactly the
   * maximum interval from now; any other time is the end of the timer.
   */
  adopt({ eventType }: HistoryEvent): void {
    if (eventType.case !== "timerCreated" || eventType.value.fireAt === undefined) return;
    const recordedMs = timestampToMs(eventType.value.fireAt);
    if (recordedMs === this.#linkEndsMs) return;
    this.#warn(recordedMs);
    const { nowMs, options } = this.#execution;
    const isLink = recordedMs === nowMs + options.maximumTimerIntervalMs;
    if (!isLink || this.#fireAtMs < recordedMs) this.#fireAtMs = recordedMs;
    this.#linkEndsMs = recordedMs;
  }

  #warn(recordedMs: number): void {
    this.#execution.options.warn(
      {
        event: "timer.adopted",
        instanceId: this.#execution.instanceId,
        eventId: this.#id,
        recordedMs,
        attemptedMs: this.#linkEndsMs,
      },
      "the recorded fire time of a timer differs from the one that the code asks for now; the recorded one holds",
    );
  }
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
