import { TaskNotAwaitedError } from "./errors.ts";
import type { Ending, Flow } from "./flow.ts";
import type { Task } from "./task.ts";

/** Is told when a task ends. Combinators are; their children count as awaited only if they themselves are (E4). */
export interface TaskObserver {
  settled(task: DurableTask<unknown>): void;
  /** Asked when another observer comes: whether it has lost interest, and gives its place up. */
  leaves(): boolean;
}

/** How a promise is resolved; in the form of a method, which keeps tasks covariant. */
type Resolve<T> = { method(value: T | Promise<never>): void }["method"];

/** A task as the engine has it: it can be ended, observed and read. */
export class DurableTask<T> implements Task<T>, Ending {
  readonly #flow: Flow;
  #status: "pending" | "completed" | "failed" = "pending";
  /** The value of a task that completed, the error of one that failed. */
  #outcome: unknown;
  /** Most tasks have one observer: it needs no array. */
  #observers: TaskObserver | TaskObserver[] | undefined;
  #promise: Promise<T> | undefined;
  /** Of the promise of a pending task. There may be many, so each keeps the one function: a rejected promise rejects, too. */
  #resolve: Resolve<T> | undefined;
  #isLoose = true;

  constructor(flow: Flow) {
    this.#flow = flow;
    flow.loose += 1;
  }

  get isCompleted(): boolean {
    return this.#status !== "pending";
  }

  get isFailed(): boolean {
    return this.#status === "failed";
  }

  get flow(): Flow {
    return this.#flow;
  }

  /** The error of a task that failed. */
  get error(): unknown {
    return this.#status === "failed" ? this.#outcome : undefined;
  }

  /** The result of a task that has ended; throws the error of one that failed. */
  get result(): T {
    // What completed holds is what `complete` was given.
    if (this.#status === "completed") return this.#outcome as T;
    throw this.#status === "failed" ? this.#outcome : new TaskNotAwaitedError();
  }

  getResult(): T {
    return this.result;
  }

  /** Ends the task. The first end wins (E6). */
  complete(value: T): void {
    if (this.#status !== "pending") return;
    this.#status = "completed";
    this.#outcome = value;
    this.#resolve?.(value);
    this.#ended();
  }

  /** Ends the task with an error. Nobody need await it, now or later (E12). */
  fail(error: unknown): void {
    if (this.#status !== "pending") return;
    this.#status = "failed";
    this.#outcome = error;
    this.#resolve?.(rejected(error));
    this.#ended();
  }

  /** Somebody has taken the task up: awaits it, yields it, or has put it into a combinator. */
  take(): void {
    if (!this.#isLoose) return;
    this.#isLoose = false;
    this.#flow.loose -= 1;
  }

  /** Tells the observer when the task ends, or at once if it has. */
  observe(observer: TaskObserver): void {
    this.take();
    const observers = this.#observers;
    if (this.isCompleted) observer.settled(this);
    else if (observers === undefined) this.#observers = observer;
    else if (Array.isArray(observers)) this.#observers = withNew(observers, observer);
    else this.#observers = observers.leaves() ? observer : [observers, observer];
  }

  /** Tells the observers that the task has ended; `Flow` says when. */
  tell(): void {
    const observers = this.#observers;
    this.#observers = undefined;
    if (!Array.isArray(observers)) observers?.settled(this);
    else for (const observer of observers) observer.settled(this);
  }

  /** A task is no value: one that ends up in a payload was meant to be awaited. */
  toJSON(): never {
    throw new TaskNotAwaitedError();
  }

  // oxlint-disable-next-line unicorn/no-thenable -- tasks are awaited
  then<A = T, B = never>(
    onCompleted?: ((value: T) => A | PromiseLike<A>) | null,
    onFailed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#toPromise().then(onCompleted, onFailed);
  }

  [Symbol.iterator](): Iterator<Task<unknown>, T, unknown> {
    return new TaskIterator(this);
  }

  #toPromise(): Promise<T> {
    this.take();
    this.#promise ??= this.#newPromise();
    return this.#promise;
  }

  #newPromise(): Promise<T> {
    if (this.#status === "completed") return Promise.resolve(this.result);
    if (this.#status === "failed") return Promise.reject(this.#outcome);
    this.#flow.waiters += 1;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  #ended(): void {
    if (this.#resolve !== undefined) {
      this.#resolve = undefined;
      this.#flow.waiters -= 1;
      this.#flow.woken = true;
    }
    if (this.#observers !== undefined) this.#flow.notify(this);
  }
}

function rejected(error: unknown): Promise<never> {
  return Promise.reject(error);
}

/** Those who have lost interest are left out each time that the number has doubled, which costs nothing in the long run. */
function withNew(observers: TaskObserver[], observer: TaskObserver): TaskObserver[] {
  const { length } = observers;
  const isPowerOfTwo = (length & (length - 1)) === 0;
  const left = isPowerOfTwo ? observers.filter((other) => !other.leaves()) : observers;
  left.push(observer);
  return left;
}

/** The two calls that `yield*` makes: the first hands the task to the engine, the second its result to the code. */
class TaskIterator<T> implements Iterator<Task<unknown>, T, unknown> {
  readonly #task: DurableTask<T>;
  #yieldedAt = -1;

  constructor(task: DurableTask<T>) {
    this.#task = task;
  }

  next(): IteratorResult<Task<unknown>, T> {
    const { steps } = this.#task.flow;
    if (this.#yieldedAt < 0) {
      this.#yieldedAt = steps;
      return { done: false, value: this.#task };
    }
    // Without a step of the engine in between, this is a spread or a destructuring: a forgotten await.
    if (steps === this.#yieldedAt) throw new TaskNotAwaitedError();
    return { done: true, value: this.#task.result };
  }

  throw(error: unknown): never {
    throw error;
  }

  /** Only destructuring and loops call it; the engine never ends a generator early (E13). */
  return(): never {
    throw new TaskNotAwaitedError();
  }
}
