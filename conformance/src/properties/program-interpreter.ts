import { setImmediate } from "node:timers/promises";
import type {
  ActivityContext,
  OrchestrationContext,
  Registrable,
  Retry,
  Task,
} from "@durabletask/core";
import {
  defineActivity,
  defineOrchestrator,
  NonRetriableError,
  TaskCanceledError,
  whenAll,
  whenAny,
} from "@durabletask/core";
import {
  hasPromises,
  type Node,
  type Style,
  styles,
  type TaskNode,
  termsOf,
} from "./program-tree.ts";

/** A unit of the model's time: so long that no crash and no reconnection takes as much. */
export const unitMs = 4 * 3_600_000;

/** The input of a root. */
export interface RootInput {
  readonly body: Node;
  readonly generations: number;
  readonly generation: number;
  readonly values: readonly unknown[];
}

interface CallInput {
  readonly label: string;
  readonly fails: number;
  readonly isNonRetriable: boolean;
}

/** Which attempts of which call have run: by idempotency key, the ids of the attempts. */
export class Journal {
  readonly #attempts = new Map<string, Set<number>>();
  readonly #executed = new Set<string>();
  executions = 0;
  readonly successes: { readonly key: string; readonly taskId: number; readonly label: string }[] =
    [];

  /** Notes an execution, and tells the attempt's number. Redelivery of an attempt is the same attempt. */
  note(key: string, taskId: number): number {
    this.executions += 1;
    const ids = this.#attempts.get(key) ?? new Set();
    this.#attempts.set(key, ids.add(taskId));
    this.#executed.add(`${key.slice(0, key.lastIndexOf(":"))}:${taskId}`);
    return [...ids].filter((id) => id <= taskId).length;
  }

  /** Notes a success, and gives its result. */
  succeed(ctx: ActivityContext, label: string, result: string): string {
    this.successes.push({ key: ctx.idempotencyKey, taskId: ctx.taskId, label });
    return result;
  }

  hasExecuted(instanceId: string, executionId: string, taskId: number): boolean {
    return this.#executed.has(`${instanceId}:${executionId}:${taskId}`);
  }
}

/** Everything that a worker needs to run programs. Once it is healed, no activity fails any more. */
export function interpreter(journal: Journal, isHealed = () => false): Registrable[] {
  const act = defineActivity("act", async (ctx, input: CallInput) => {
    const attempt = journal.note(ctx.idempotencyKey, ctx.taskId);
    const result = `${input.label}#${attempt}`;
    if (result.length % 2 === 0) await setImmediate();
    if (attempt > input.fails || isHealed()) return journal.succeed(ctx, input.label, result);
    throw input.isNonRetriable ? new NonRetriableError(result) : new Error(result);
  });
  const echo = defineActivity("echo", (ctx, text: string) => {
    journal.note(ctx.idempotencyKey, ctx.taskId);
    return text;
  });
  const listener = defineOrchestrator("listener", async (ctx) =>
    ctx.waitForExternalEvent<string>("note"),
  );
  const speaker = defineOrchestrator(
    "speaker",
    function* (ctx, { to, text }: { to: string; text: string }) {
      ctx.sendEvent(to, "NOTE", text);
      return yield* ctx.callActivity(echo, text);
    },
  );
  return [act, echo, listener, speaker, ...styles.flatMap((style) => inStyle(style))];
}

/** The orchestrators for roots and children, written in one style. */
function inStyle(style: Style): Registrable[] {
  // What comes is what the tests schedule, and what roots call.
  const root = function* (ctx: OrchestrationContext, payload: unknown) {
    const input = payload as RootInput;
    const { body, generations, generation, values } = input;
    const value = yield* walk(body, { ctx, style, generation, isRoot: true });
    const next = { ...input, generation: generation + 1, values: [...values, value] };
    if (next.generation < generations) return ctx.continueAsNew(next);
    return next.values;
  };
  const child = (ctx: OrchestrationContext, body: unknown) =>
    walk(body as Node, { ctx, style, generation: 0, isRoot: false });
  return [styled(`root ${style}`, style, root), styled(`child ${style}`, style, child)];
}

type Walk = Generator<unknown, unknown, unknown>;

function styled(
  name: string,
  style: Style,
  body: (ctx: OrchestrationContext, input: unknown) => Walk,
): Registrable {
  switch (style) {
    case "async":
      return defineOrchestrator(name, async (ctx, input: unknown) => drive(body(ctx, input)));
    case "async yield":
      return defineOrchestrator(name, async function* (ctx, input: unknown) {
        const walk = body(ctx, input);
        let step = walk.next();
        while (step.done !== true) {
          try {
            const given: unknown = yield step.value;
            step = walk.next(given);
          } catch (error) {
            step = walk.throw(error);
          }
        }
        return step.value;
      });
    default:
      return defineOrchestrator(name, function* (ctx, input: unknown): Generator<
        Task<unknown>,
        unknown,
        never
      > {
        return yield* tasksOnly(body(ctx, input));
      });
  }
}

/** A generator yields nothing but tasks; what its walk could yield besides, promises, its style does not have. */
function* tasksOnly(walk: Walk): Generator<Task<unknown>, unknown, unknown> {
  return yield* walk as Generator<Task<unknown>, unknown, unknown>;
}

/** An async function that awaits what a walk yields. */
async function drive(walk: Walk): Promise<unknown> {
  let step = walk.next();
  while (step.done !== true) {
    let given: unknown;
    try {
      given = await step.value;
    } catch (error) {
      step = walk.throw(error);
      continue;
    }
    step = walk.next(given);
  }
  return step.value;
}

interface Place {
  readonly ctx: OrchestrationContext;
  readonly style: Style;
  readonly generation: number;
  readonly isRoot: boolean;
}

function* walk(node: Node, place: Place): Walk {
  const { ctx, style } = place;
  switch (node.kind) {
    case "sequence":
      return yield* inSequence(node.steps, place);
    case "guard":
      try {
        return yield* walk(node.body, place);
      } catch (error) {
        return { caught: labelOf(error) };
      }
    case "together":
      return yield* together(node, place);
    case "note to self":
      ctx.sendEvent(ctx.instanceId, `${node.label}!${place.generation}`, node.label);
      yield* take(ctx.waitForExternalEvent(`${node.label}!${place.generation}`), style);
      return `${node.label} done`;
    case "siblings":
      yield* siblings(node.label, place);
      return `${node.label} done`;
    case "cancelled timer":
      return yield* cancelledTimer(node, place);
    case "chance": {
      const drawn = `${ctx.newGuid()} ${ctx.random()} ${ctx.currentUtcDateTime.toISOString()}`;
      const echoed = yield* take(ctx.callActivity("echo", drawn), style);
      return echoed === drawn ? `${node.label} done` : `replayed ${drawn} for ${String(echoed)}`;
    }
    case "status":
      ctx.setCustomStatus(node.label);
      return `${node.label} done`;
    default: {
      const { task, read } = plan(node, place);
      yield* take(task, style);
      return read();
    }
  }
}

function* take(task: Task<unknown>, style: Style): Walk {
  if (style === "yield*") return yield* task;
  const given: unknown = yield task;
  return given;
}

function* inSequence(steps: readonly Node[], place: Place): Walk {
  const values: unknown[] = [];
  for (const step of steps) values.push(yield* walk(step, place));
  return values;
}

function* together(node: Node & { readonly kind: "together" }, place: Place): Walk {
  if (!hasPromises(place.style)) return yield* inSequence(node.branches, place);
  const branches = node.branches.map((branch) => drive(walk(branch, place)));
  if (node.how === "all") return yield Promise.all(branches);
  if (node.how === "race") return yield Promise.race(branches);
  return yield Promise.all(
    branches.map((branch) =>
      branch.then(
        (value) => ({ value }),
        (error: unknown) => ({ failure: labelOf(error) }),
      ),
    ),
  );
}

function* siblings(label: string, { ctx, style }: Place): Generator<unknown, void, unknown> {
  const to = ctx.newGuid();
  const tasks = [
    ctx.callSubOrchestrator("listener", undefined, { instanceId: to }),
    ctx.callSubOrchestrator("speaker", { to, text: label }),
  ];
  yield* take(whenAll(tasks), style);
  const [heard] = tasks;
  if (heard?.result !== label) throw new Error(`${label} was not heard`);
}

function* cancelledTimer(
  { label, later }: Node & { readonly kind: "cancelled timer" },
  { ctx, style }: Place,
): Walk {
  const timer = ctx.createTimer({ milliseconds: 5 * unitMs });
  if (later) yield* take(ctx.callActivity("echo", label), style);
  timer.cancel();
  try {
    yield* take(timer, style);
  } catch (error) {
    if (error instanceof TaskCanceledError) return `${label} done`;
    throw error;
  }
  return "fired in spite of its cancellation";
}

/** A task that is under way, and how to read what came of it. */
interface Planned {
  readonly task: Task<unknown>;
  readonly read: () => unknown;
}

function plan(node: TaskNode, place: Place): Planned {
  const { ctx } = place;
  switch (node.kind) {
    case "activity": {
      const { label, fails, isNonRetriable } = node;
      return plain(
        ctx.callActivity("act", { label, fails, isNonRetriable }, { retry: retryOf(node) }),
      );
    }
    case "timer": {
      const task = ctx.createTimer({ milliseconds: node.units * unitMs });
      return { task, read: () => "fired" };
    }
    case "wait": {
      const { timeout } = termsOf(node, place.isRoot);
      const name = `${node.label}@${place.generation}`;
      const limit = timeout === undefined ? undefined : { milliseconds: timeout * unitMs };
      return plain(ctx.waitForExternalEvent(name, { timeout: limit }));
    }
    case "child": {
      const instanceId = node.hasChosenId ? ctx.newGuid() : undefined;
      const options = { retry: retryOf(node), instanceId };
      return plain(ctx.callSubOrchestrator(`child ${node.style}`, node.body, options));
    }
    case "whenAll": {
      const parts = node.tasks.map((task) => plan(task, place));
      const task = whenAll(parts.map((part) => part.task));
      return { task, read: () => parts.map((part) => part.read()) };
    }
    case "whenAny": {
      const parts = node.tasks.map((task) => plan(task, place));
      const task = whenAny(parts.map((part) => part.task));
      return { task, read: () => winner(task.result.index, parts) };
    }
    default:
      return node satisfies never;
  }
}

function plain(task: Task<unknown>): Planned {
  return { task, read: () => task.result };
}

function winner(index: number, parts: readonly Planned[]): unknown {
  try {
    return { index, value: parts[index]?.read() };
  } catch (error) {
    return { index, failure: labelOf(error) };
  }
}

function retryOf(node: {
  readonly attempts: number;
  readonly byHandler?: boolean;
}): Retry | undefined {
  const { attempts, byHandler = false } = node;
  if (attempts === 1) return undefined;
  if (byHandler) return ({ lastAttemptNumber }) => lastAttemptNumber < attempts;
  return {
    maxNumberOfAttempts: attempts,
    firstRetryInterval: { milliseconds: unitMs },
    maxRetryInterval: { milliseconds: 100 * unitMs },
    backoffCoefficient: 2,
  };
}

/** Every failure names the part that failed, however often it was wrapped. */
export function labelOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /\bL\d+[#@]\d+/u.exec(message)?.[0] ?? message;
}
