/**
 * Something durable that an orchestrator can wait for: `await task` in an async function, `yield* task` in a generator.
 *
 * A task runs from the moment it is made, not from the moment it is awaited; awaiting it twice gives the same result.
 * One that fails before anybody awaits it keeps its error until somebody does. Passing tasks to `whenAll`, `whenAny`,
 * `whenEach` or to the native `Promise.all`, `race` and `allSettled` waits for several.
 */
export interface Task<T> extends PromiseLike<T> {
  /** Whether it has ended, either way. */
  readonly isCompleted: boolean;
  /** Whether it has ended with an error. */
  readonly isFailed: boolean;
  /**
   * What awaiting it gives, for a task that has ended: whenAny tells which has. Throws the error of one that failed, and
   * `TASK_NOT_AWAITED` for one that is still open.
   */
  readonly result: T;
  /** The same as `result`, under its name in the JavaScript SDK. */
  getResult(): T;
  /** Makes `yield* task` give the result, typed. Not for `for...of` or spreading. */
  [Symbol.iterator](): Iterator<Task<unknown>, T, unknown>;
}

/** A durable timer. */
export interface TimerTask extends Task<void> {
  /**
   * Gives the timer up: whoever awaits it gets a `TaskCanceledError`, and what the hub still delivers is ignored.
   * Without effect once it has fired.
   */
  cancel(): void;
  readonly isCanceled: boolean;
}

/** The type of a task's result. */
export type TaskResult<T> = T extends PromiseLike<infer Result> ? Result : never;
