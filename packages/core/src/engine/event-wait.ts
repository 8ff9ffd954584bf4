import type { EventRaisedEvent } from "@durabletask/protobuf";
import { durationToMs } from "../duration.ts";
import type { PayloadCoder } from "../payload-format.ts";
import type { WaitOptions } from "./context.ts";
import { DurableTask } from "./durable-task.ts";
import { EventTimeoutError, TaskCanceledError } from "./errors.ts";
import type { Execution } from "./execution.ts";
import type { EventWaiter } from "./external-events.ts";
import { TimerCall } from "./timer-call.ts";

/** The wait for an external event. */
export class EventWait extends DurableTask<never> implements EventWaiter {
  readonly #execution: Execution;
  readonly #name: string;
  readonly #coder: PayloadCoder | undefined;
  #timer: TimerCall | undefined;

  constructor(
    execution: Execution,
    name: string,
    coder: PayloadCoder | undefined,
    { timeout, signal }: WaitOptions,
  ) {
    super(execution.flow);
    this.#execution = execution;
    this.#coder = coder;
    this.#name = name;
    const timeoutMs = timeout && durationToMs(timeout, "the timeout");
    if (signal?.aborted === true) this.#cancel(signal.reason);
    else execution.events.await(name, this);
    if (this.isCompleted) return;
    signal?.addEventListener("abort", () => this.#cancel(signal.reason), { once: true });
    if (timeoutMs !== undefined) this.#limit(timeoutMs);
  }

  /** Whether it is still there for an event: one that timed out or was cancelled never swallows one. */
  get isWaiting(): boolean {
    return !this.isCompleted;
  }

  deliver(event: EventRaisedEvent): void {
    this.#timer?.cancel();
    try {
      this.complete(this.#execution.decode(event.input, this.#coder));
    } catch (error) {
      this.fail(error);
    }
  }

  #limit(timeoutMs: number): void {
    this.#timer = TimerCall.start(this.#execution, this.#execution.nowMs + timeoutMs, () =>
      this.fail(new EventTimeoutError(this.#name, timeoutMs)),
    );
  }

  #cancel(reason: unknown): void {
    if (this.isCompleted) return;
    this.#timer?.cancel();
    this.fail(new TaskCanceledError(`the wait for event '${this.#name}'`, { cause: reason }));
  }
}
