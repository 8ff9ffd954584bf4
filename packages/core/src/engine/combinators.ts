import { InvalidArgumentError, withoutPages } from "../errors.ts";
import { DurableTask, type TaskObserver } from "./durable-task.ts";
import { EndedTask } from "./ended-task.ts";
import { Flow } from "./flow.ts";
import { Race } from "./race.ts";
import type { Task, TaskResult } from "./task.ts";

/** The results of several tasks, in their order. */
export type TaskResults<Tasks extends readonly Task<unknown>[]> = {
  -readonly [Index in keyof Tasks]: TaskResult<Tasks[Index]>;
};

/** The task that ended first, and how. `"value" in winner` tells whether it succeeded. */
export type Winner<Tasks extends readonly Task<unknown>[]> = number extends Tasks["length"]
  ? Ended<number, Tasks[number]>
  : { [Index in IndexOf<Tasks>]: Ended<Index, Tasks[Index]> }[IndexOf<Tasks>];

/** One task that has ended, where it stands among those that were given, and how it ended. */
export type Ended<Index extends number, Of extends Task<unknown>> =
  Of extends Task<infer Result>
    ?
        | { readonly index: Index; readonly task: Of; readonly value: Result }
        | { readonly index: Index; readonly task: Of; readonly error: unknown }
    : never;

type IndexOf<Tasks extends readonly unknown[]> = NumberOf<keyof Tasks>;

type NumberOf<Key> = Key extends `${infer Index extends number}` ? Index : never;

/**
 * Waits for all of the tasks. If any failed it fails with an `AggregateError` that holds the errors of all that did, in
 * the order of the tasks, once all have ended.
 *
 * `Task.WhenAll` in .NET, `when_all` in Python.
 */
export function whenAll<Tasks extends readonly Task<unknown>[] | []>(
  tasks: Tasks,
): Task<TaskResults<Tasks>> {
  return typed(new AllTask(durableTasks(tasks)));
}

/**
 * Waits for the first of the tasks to end, and tells which one it was and how it ended. Does not throw when that task
 * failed; of several that have ended already, the first in order wins.
 *
 * `Task.WhenAny` in .NET, `when_any` in Python. Throws `InvalidArgumentError` for an empty list.
 */
export function whenAny<Tasks extends readonly Task<unknown>[] | []>(
  tasks: Tasks,
): Task<Winner<Tasks>> {
  if (tasks.length === 0) throw new InvalidArgumentError("whenAny needs at least one task");
  return typed(winner(tasks));
}

/**
 * Gives the tasks as they end, in linear time: `for await (const ended of whenEach(tasks))`, or in a generator
 * `for (const next of whenEach(tasks)) { const ended = yield* next; }`. Does not throw for tasks that failed:
 * `"value" in ended` tells them apart.
 */
export function whenEach<Of extends Task<unknown>>(tasks: readonly Of[]): EachTask<Of> {
  return typed(new Each(durableTasks(tasks)));
}

/** Results are decoded from payloads: their types are what the definitions of the tasks say. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the one place where the engine's types are left
function typed<Typed>(combined: unknown): Typed {
  return combined as Typed;
}

/** What `whenEach` gives: iterable once, in either style. */
export interface EachTask<Of> {
  [Symbol.asyncIterator](): AsyncIterator<Of extends Task<unknown> ? Ended<number, Of> : unknown>;
  [Symbol.iterator](): Iterator<Task<Of extends Task<unknown> ? Ended<number, Of> : unknown>>;
}

class AllTask extends DurableTask<unknown[]> implements TaskObserver {
  readonly #tasks: readonly DurableTask<unknown>[];
  #open: number;

  constructor(tasks: readonly DurableTask<unknown>[]) {
    super(flowOf(tasks));
    this.#tasks = tasks;
    this.#open = tasks.length;
    if (tasks.length === 0) this.complete([]);
    // Not by an iterator: code that runs once for many tasks is not compiled yet, and makes an object for each.
    for (let i = 0; i < tasks.length; i += 1) tasks[i]?.observe(this);
  }

  leaves(): boolean {
    return false;
  }

  settled(): void {
    this.#open -= 1;
    if (this.#open > 0) return;
    const failed = this.#tasks.filter((task) => task.isFailed);
    if (failed.length === 0) this.complete(this.#tasks.map((task) => task.result));
    else
      this.fail(
        aggregate(
          failed.map((task) => task.error),
          this.#tasks.length,
        ),
      );
  }
}

/** Who wins: asked of the race that the code has watched so far, if these tasks are what is left of it. */
function winner(tasks: readonly Task<unknown>[]): DurableTask<EndedTask> {
  const [first] = tasks;
  const idle = first instanceof DurableTask ? first.flow.idleRace : undefined;
  if (idle?.isBetween(tasks) === true) return idle.ask();
  const durable = durableTasks(tasks);
  return Race.between(durable, flowOf(durable));
}

class Each implements EachTask<unknown> {
  readonly #flow: Flow;
  readonly #ended: EndedTask[] = [];
  readonly #asked: DurableTask<unknown>[] = [];
  readonly #count: number;
  #given = 0;

  constructor(tasks: readonly DurableTask<unknown>[]) {
    this.#flow = flowOf(tasks);
    this.#count = tasks.length;
    const add = (ended: EndedTask): void => this.#add(ended);
    for (const [index, task] of tasks.entries()) task.observe(new EachPlace(index, add));
  }

  *[Symbol.iterator](): Generator<Task<unknown>, void, unknown> {
    while (this.#given < this.#count) yield this.#next();
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return {
      next: () =>
        this.#given < this.#count
          ? this.#next().then((value) => ({ done: false, value }))
          : Promise.resolve({ done: true, value: undefined }),
    };
  }

  /** The place of an ended task is the number of those that were given before it: both lists only grow. */
  #next(): DurableTask<unknown> {
    const task = new DurableTask<unknown>(this.#flow);
    const ended = this.#ended[this.#given];
    this.#given += 1;
    this.#asked.push(task);
    if (ended !== undefined) task.complete(ended);
    return task;
  }

  #add(ended: EndedTask): void {
    this.#ended.push(ended);
    this.#asked[this.#ended.length - 1]?.complete(ended);
  }
}

/** The place of one task among those of a `whenEach`. */
class EachPlace implements TaskObserver {
  readonly #index: number;
  readonly #add: (ended: EndedTask) => void;

  constructor(index: number, add: (ended: EndedTask) => void) {
    this.#index = index;
    this.#add = add;
  }

  settled(task: DurableTask<unknown>): void {
    this.#add(new EndedTask(this.#index, task));
  }

  leaves(): boolean {
    return false;
  }
}

/** The error of several failed tasks. */
function aggregate(errors: readonly unknown[], of: number): AggregateError {
  const [first] = errors;
  const reason = first instanceof Error ? withoutPages(first.message) : String(first);
  return new AggregateError(errors, `${errors.length} of ${of} tasks failed; the first: ${reason}`);
}

function flowOf(tasks: readonly DurableTask<unknown>[]): Flow {
  return tasks[0]?.flow ?? new Flow();
}

function durableTasks(tasks: readonly Task<unknown>[]): DurableTask<unknown>[] {
  const isList: boolean = Array.isArray(tasks);
  if (isList && tasks.every((task) => task instanceof DurableTask)) return [...tasks];
  throw new InvalidArgumentError(
    "whenAll, whenAny and whenEach take an array of tasks made by the orchestration context; for promises of async helpers use Promise.all",
  );
}
