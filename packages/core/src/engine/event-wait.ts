import type { EventRaisedEvent } from "@durabletask/protobuf";
import { durationToMs } from "../duration.ts";
import type { PayloadCoder } from "../payload-format.ts";
import type { AbortSignalLike, WaitOptions } from "./context.ts";
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
  #unlisten: (() => void) | undefined;

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
    const timeoutMs = timeout === undefined ? undefined : durationToMs(timeout, "the timeout");
    if (signal?.aborted === true) this.#cancel(signal.reason);
    else execution.events.await(name, this);
    if (this.isCompleted) return;
    if (signal !== undefined) this.#listen(signal);
    if (timeoutMs !== undefined) this.#limit(timeoutMs);
  }

  get eventName(): string {
    return this.#name;
  }

  /** Whether it is still there for an event: one that timed out or was cancelled never swallows one. */
  get isWaiting(): boolean {
    return !this.isCompleted;
  }

  deliver(event: EventRaisedEvent): void {
    this.#stopWaiting();
    this.#execution.settleWith(this, event.input, this.#coder);
  }

  #limit(timeoutMs: number): void {
    this.#timer = TimerCall.start(this.#execution, this.#execution.nowMs + timeoutMs, () => {
      this.#stopWaiting();
      this.fail(new EventTimeoutError(this.#name, timeoutMs));
    });
  }

  #listen(signal: AbortSignalLike): void {
    const abort = (): void => this.#cancel(signal.reason);
    signal.addEventListener("abort", abort);
    this.#unlisten = () => signal.removeEventListener("abort", abort);
  }

  #stopWaiting(): void {
    this.#timer?.cancel();
    this.#unlisten?.();
  }

  #cancel(reason: unknown): void {
    if (this.isCompleted) return;
    this.#stopWaiting();
    this.fail(new TaskCanceledError(`the wait for event '${this.#name}'`, { cause: reason }));
  }
}
