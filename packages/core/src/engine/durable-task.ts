import { TaskNotAwaitedError } from "./errors.ts";
import type { Flow } from "./flow.ts";
import type { Task } from "./task.ts";

/** Is told when a task ends. Combinators are; their children count as awaited only if they themselves are (E4). */
export interface TaskObserver {
  settled(task: DurableTask<unknown>): void;
}

type State<T> =
  | { readonly status: "pending" }
  | { readonly status: "completed"; readonly value: T }
  | { readonly status: "failed"; readonly error: unknown };

const pending: { readonly status: "pending" } = { status: "pending" };

/** `PromiseWithResolvers` in the form of methods, which keeps tasks covariant. */
interface Resolvers<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** A task as the engine has it: it can be ended, observed and read. */
export class DurableTask<T> implements Task<T> {
  readonly #flow: Flow;
  #state: State<T> = pending;
  #observers: TaskObserver[] | undefined;
  #resolvers: Resolvers<T> | undefined;
  #isLoose = true;

  constructor(flow: Flow) {
    this.#flow = flow;
    flow.loose += 1;
  }

  get isCompleted(): boolean {
    return this.#state.status !== "pending";
  }

  get isFailed(): boolean {
    return this.#state.status === "failed";
  }

  get flow(): Flow {
    return this.#flow;
  }

  /** The error of a task that failed. */
  get error(): unknown {
    return this.#state.status === "failed" ? this.#state.error : undefined;
  }

  /** The result of a task that has ended; throws the error of one that failed. */
  get result(): T {
    if (this.#state.status === "completed") return this.#state.value;
    throw this.#state.status === "failed" ? this.#state.error : new TaskNotAwaitedError();
  }

  getResult(): T {
    return this.result;
  }

  /** Ends the task. The first end wins (E6). */
  complete(value: T): void {
    if (this.#state !== pending) return;
    this.#state = { status: "completed", value };
    this.#resolvers?.resolve(value);
    this.#ended();
  }

  /** Ends the task with an error. Nobody need await it, now or later (E12). */
  fail(error: unknown): void {
    if (this.#state !== pending) return;
    this.#state = { status: "failed", error };
    this.#resolvers?.reject(error);
    this.#ended();
  }

  /** Somebody has taken the task up: awaits it, yields it, or has put it into a combinator. */
  take(): void {
    if (!this.#isLoose) return;
    this.#isLoose = false;
    this.#flow.loose -= 1;
  }

  observe(observer: TaskObserver): void {
    this.take();
    if (this.isCompleted) observer.settled(this);
    else if (this.#observers === undefined) this.#observers = [observer];
    else this.#observers.push(observer);
  }

  /** Whoever lost interest is not told, and not kept in memory. */
  unobserve(observer: TaskObserver): void {
    const index = this.#observers?.indexOf(observer) ?? -1;
    if (index >= 0) this.#observers?.splice(index, 1);
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
    if (this.#resolvers === undefined) {
      this.take();
      this.#resolvers = Promise.withResolvers<T>();
      if (this.#state.status === "completed") this.#resolvers.resolve(this.#state.value);
      else if (this.#state.status === "failed") this.#resolvers.reject(this.#state.error);
      else this.#flow.waiters += 1;
    }
    return this.#resolvers.promise;
  }

  #ended(): void {
    if (this.#resolvers !== undefined) {
      this.#flow.waiters -= 1;
      this.#flow.woken = true;
    }
    const observers = this.#observers;
    this.#observers = undefined;
    if (observers === undefined) return;
    this.#flow.notify(() => {
      for (const observer of observers) observer.settled(this);
    });
  }
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
