import type { DurableTask } from "./durable-task.ts";

/** The winner of a `whenAny`, recognisable for the plain-yield styles, which get its task instead. */
export class EndedTask {
  readonly index: number;
  readonly task: DurableTask<unknown>;
  declare readonly value?: unknown;
  declare readonly error?: unknown;

  constructor(index: number, task: DurableTask<unknown>) {
    this.index = index;
    this.task = task;
    if (task.isFailed) this.error = task.error;
    else this.value = task.result;
  }
}
