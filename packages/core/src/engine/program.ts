import type { OrchestrationContext } from "./context.ts";
import { DurableTask, type TaskObserver } from "./durable-task.ts";
import { EndedTask } from "./ended-task.ts";
import type { PayloadCoder } from "../payload-format.ts";
import type { Flow } from "./flow.ts";

/** An orchestrator function of any style, as the engine runs it. */
export type AnyOrchestratorFunction = (ctx: OrchestrationContext, input: never) => unknown;

/** An orchestrator as a worker has it. */
export interface RegisteredOrchestrator {
  readonly run: AnyOrchestratorFunction;
  readonly version?: string | undefined;
  readonly input?: PayloadCoder | undefined;
  readonly output?: PayloadCoder | undefined;
}

/** Told once how the code ended. */
export interface ProgramEnd {
  readonly returned: (value: unknown) => void;
  readonly threw: (error: unknown) => void;
}

/** The running code of one orchestrator. */
export interface Program {
  /** Whether what the code waits for has ended, so that it can be stepped at once. */
  readonly isReady: boolean;
  /** Runs a generator until it is blocked. Async functions move by themselves when a promise is settled. */
  step(): void;
}

/** Calls the function, and gives what drives it on according to its style. */
export function startProgram(run: () => unknown, flow: Flow, end: ProgramEnd): Program {
  let started: unknown;
  try {
    started = run();
  } catch (error) {
    end.threw(error);
    return idle;
  }
  if (isGenerator(started)) return new GeneratorProgram(started, flow, end);
  flow.woken = true;
  const promise = isAsyncGenerator(started) ? driveAsyncGenerator(started, flow) : started;
  // A plain value, from JavaScript, ends the orchestration as a resolved promise does.
  Promise.resolve(promise).then(end.returned, end.threw);
  return idle;
}

/**
 * Runs an orchestrator inside layers that are async functions. The layers await its end as a promise; a generator inside is
 * still stepped directly.
 */
export function startWrappedProgram(
  wrapped: (innermost: (input: unknown) => Promise<unknown>) => Promise<unknown>,
  run: (input: unknown) => unknown,
  flow: Flow,
  end: ProgramEnd,
): Program {
  let inner = idle;
  const innermost = (input: unknown): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    inner = startProgram(() => run(input), flow, {
      returned: (value) => {
        flow.woken = true;
        resolve(value);
      },
      threw: (error) => {
        flow.woken = true;
        reject(error);
      },
    });
    return promise;
  };
  startProgram(() => wrapped(innermost), flow, end);
  return {
    get isReady() {
      return inner.isReady;
    },
    step: () => inner.step(),
  };
}

const idle: Program = { isReady: false, step: () => {} };

type AnyGenerator = Iterator<unknown, unknown, unknown>;
type AnyAsyncGenerator = AsyncIterator<unknown, unknown, unknown>;

/** Steps a generator from task to task, without a promise in between. */
class GeneratorProgram implements Program, TaskObserver {
  readonly #generator: AnyGenerator;
  readonly #flow: Flow;
  readonly #end: ProgramEnd;
  #awaited: DurableTask<unknown> | undefined;
  #returned: DurableTask<unknown> | undefined;
  #isReady = true;

  constructor(generator: AnyGenerator, flow: Flow, end: ProgramEnd) {
    this.#generator = generator;
    this.#flow = flow;
    this.#end = end;
    flow.isStepped = true;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  settled(): void {
    this.#isReady = true;
    this.#flow.waiters -= 1;
  }

  leaves(): boolean {
    return false;
  }

  step(): void {
    this.#isReady = false;
    this.#run();
    if (this.#flow.loose > 0) this.#flow.woken = true;
  }

  #run(): void {
    try {
      if (this.#returned !== undefined) return this.#end.returned(this.#returned.result);
      let result = this.#resume();
      while (result.done !== true) {
        const { value } = result;
        if (!(value instanceof DurableTask)) throw new YieldedNoTask(value);
        value.take();
        this.#awaited = value;
        if (!value.isCompleted) return this.#park(value);
        result = this.#resume();
      }
      return this.#return(result.value);
    } catch (error) {
      return this.#end.threw(error);
    }
  }

  /** A task that is returned is awaited first, as async functions do. */
  #return(value: unknown): void {
    if (!(value instanceof DurableTask)) return this.#end.returned(value);
    value.take();
    this.#returned = value;
    if (!value.isCompleted) return this.#park(value);
    return this.#end.returned(value.result);
  }

  /** Blocked on a durable task, as an async function is that awaits one (E4). */
  #park(task: DurableTask<unknown>): void {
    this.#flow.waiters += 1;
    task.observe(this);
  }

  #resume(): IteratorResult<unknown, unknown> {
    this.#flow.steps += 1;
    const task = this.#awaited;
    if (task === undefined) return this.#generator.next();
    // A combinator of no tasks belongs to no session.
    if (task.flow !== this.#flow) task.flow.steps += 1;
    if (!task.isFailed) return this.#generator.next(plainValue(task.result));
    if (this.#generator.throw === undefined) throw task.error;
    return this.#generator.throw(task.error);
  }
}

/** An async generator awaits what it yields by itself: the engine sees values, and hands them back. */
async function driveAsyncGenerator(generator: AnyAsyncGenerator, flow: Flow): Promise<unknown> {
  let result = await generator.next();
  while (result.done !== true) {
    flow.steps += 1;
    result = await generator.next(plainValue(result.value));
  }
  return result.value;
}

/** Plain `yield whenAny(...)` gives the winning task itself, as its users expect; `yield*` and `await` do not see this. */
function plainValue(value: unknown): unknown {
  return value instanceof EndedTask ? value.task : value;
}

/** Thrown by a step, for the session to say in its words. */
export class YieldedNoTask {
  readonly what: string;

  constructor(value: unknown) {
    this.what = value instanceof Promise ? "a promise" : typeof value;
  }
}

function isGenerator(value: unknown): value is AnyGenerator {
  return hasMethod(value, "next") && hasMethod(value, Symbol.iterator);
}

function isAsyncGenerator(value: unknown): value is AnyAsyncGenerator {
  return hasMethod(value, "next") && hasMethod(value, Symbol.asyncIterator);
}

function hasMethod(value: unknown, name: string | symbol): boolean {
  if (typeof value !== "object" || value === null) return false;
  return typeof Reflect.get(value, name) === "function";
}
