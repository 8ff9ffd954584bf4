import { DurableTask, type TaskObserver } from "./durable-task.ts";
import { EndedTask } from "./ended-task.ts";
import type { Flow } from "./flow.ts";

/**
 * The tasks of a `whenAny`, watched from one call to the next.
 *
 * A loop of `whenAny` over what is left of an array asks about the same tasks again and again. Beginning to watch a task
 * touches that task. To see that these are the tasks that are being watched already, two arrays are compared: as near to
 * linear as is possible with an array that anybody may have changed.
 */
export class Race implements TaskObserver {
  readonly #flow: Flow;
  /** Those that have not ended, as they were given, from `#start` on; none once the race is over. */
  readonly #tasks: DurableTask<unknown>[];
  /** Tasks often end in their order, and to take the first out of an array moves all others. */
  #start = 0;
  /** What the code waits for now. */
  #asked: DurableTask<EndedTask> | undefined;

  private constructor(flow: Flow, tasks: DurableTask<unknown>[]) {
    this.#flow = flow;
    this.#tasks = tasks;
  }

  /** The first of the tasks to end; of several that have ended already, the first in order. */
  static between(tasks: DurableTask<unknown>[], flow: Flow): DurableTask<EndedTask> {
    const ended = tasks.findIndex((task) => task.isCompleted);
    const winner = tasks[ended];
    if (winner !== undefined) {
      for (const task of tasks) task.take();
      const asked = new DurableTask<EndedTask>(flow);
      asked.complete(new EndedTask(ended, winner));
      return asked;
    }
    const race = new Race(flow, tasks);
    const asked = race.ask();
    for (const task of tasks) task.observe(race);
    return asked;
  }

  /** Whether these are all that are left. */
  isBetween(tasks: readonly unknown[]): boolean {
    const left = this.#tasks;
    const start = this.#start;
    const { length } = tasks;
    if (length !== left.length - start) return false;
    for (let i = 0; i < length; i += 1) if (tasks[i] !== left[start + i]) return false;
    return true;
  }

  /** The next of those that are left to end. */
  ask(): DurableTask<EndedTask> {
    this.#asked = new DurableTask<EndedTask>(this.#flow);
    this.#flow.idleRace = undefined;
    return this.#asked;
  }

  settled(task: DurableTask<unknown>): void {
    const asked = this.#asked;
    // Nobody has asked: a task has ended that the code may ask about all the same.
    if (asked === undefined) return this.#end();
    const place = this.#tasks.indexOf(task, this.#start);
    const ended = new EndedTask(place - this.#start, task);
    if (place === this.#start) this.#start += 1;
    else this.#tasks.splice(place, 1);
    this.#asked = undefined;
    this.#flow.idleRace = this;
    asked.complete(ended);
  }

  leaves(): boolean {
    if (this.#asked !== undefined) return false;
    this.#end();
    return true;
  }

  #end(): void {
    this.#tasks.length = 0;
    this.#start = 0;
    if (this.#flow.idleRace === this) this.#flow.idleRace = undefined;
  }
}
