import * as fc from "fast-check";

/** How an orchestrator is written: the engine drives each of these in its own way. */
export const styles = ["async", "yield*", "yield", "async yield"] as const;
export type Style = (typeof styles)[number];

/** One durable task. Every style can wait for it, alone or in a combinator. */
export type TaskNode =
  | {
      readonly kind: "activity";
      readonly label: string;
      /** How many attempts fail. */
      readonly fails: number;
      readonly isNonRetriable: boolean;
      /** How many attempts are made; 1 is a call without a retry policy. */
      readonly attempts: number;
      /** Whether a handler decides on retries, at once, and not a policy with delays. */
      readonly byHandler: boolean;
    }
  | { readonly kind: "timer"; readonly label: string; readonly units: number }
  | {
      readonly kind: "wait";
      readonly label: string;
      /** When the event comes, counted from the start of the root. */
      readonly arrival: number | undefined;
      readonly timeout: number | undefined;
    }
  | {
      readonly kind: "child";
      readonly label: string;
      readonly body: Node;
      readonly style: Style;
      readonly attempts: number;
      readonly hasChosenId: boolean;
    }
  | { readonly kind: "whenAll"; readonly tasks: readonly TaskNode[] }
  | { readonly kind: "whenAny"; readonly tasks: readonly TaskNode[] };

/** A part of a program. */
export type Node =
  | TaskNode
  | { readonly kind: "sequence"; readonly steps: readonly Node[] }
  | { readonly kind: "guard"; readonly body: Node }
  /** Branches at the same time, as promises; styles without promises run them one after the other. */
  | {
      readonly kind: "together";
      readonly how: "all" | "race" | "allSettled";
      readonly branches: readonly Node[];
    }
  | { readonly kind: "note to self"; readonly label: string }
  | { readonly kind: "siblings"; readonly label: string }
  | { readonly kind: "cancelled timer"; readonly label: string; readonly later: boolean }
  | { readonly kind: "chance"; readonly label: string }
  | { readonly kind: "status"; readonly label: string };

/** A root orchestration: its body runs once in each generation. */
export interface Program {
  readonly style: Style;
  readonly body: Node;
  readonly generations: number;
}

/** What a wait comes to: only roots get events, and nobody waits for ever. */
export function termsOf(
  node: TaskNode & { readonly kind: "wait" },
  isRoot: boolean,
): { readonly arrival: number | undefined; readonly timeout: number | undefined } {
  const arrival = isRoot ? node.arrival : undefined;
  return { arrival, timeout: node.timeout ?? (arrival === undefined ? 1 : undefined) };
}

/** Whether helpers may run at the same time as promises. */
export function hasPromises(style: Style): boolean {
  return style === "async" || style === "async yield";
}

const label = fc.constant("");
const units = fc.integer({ min: 1, max: 5 });
const perhaps = { freq: 3, nil: undefined };

const { node } = fc.letrec<{ task: TaskNode; node: Node }>((tie) => ({
  task: fc.oneof(
    { maxDepth: 4, depthSize: "medium", depthIdentifier: "tree" },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("activity" as const),
        label,
        fails: fc.constantFrom(0, 0, 1, 2),
        isNonRetriable: fc.constantFrom(false, false, false, true),
        attempts: fc.constantFrom(1, 1, 2, 3),
        byHandler: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("timer" as const), label, units }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("wait" as const),
        label,
        arrival: fc.option(fc.integer({ min: 0, max: 8 }), perhaps),
        timeout: fc.option(units, { freq: 2, nil: undefined }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("child" as const),
        label,
        body: tie("node"),
        style: fc.constantFrom(...styles),
        attempts: fc.constantFrom(1, 1, 2),
        hasChosenId: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("whenAll" as const),
        // Not of nothing: `yield* whenAll([])` has a test of its own.
        tasks: fc.array(tie("task"), { minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("whenAny" as const),
        tasks: fc.array(tie("task"), { minLength: 1, maxLength: 3 }),
      }),
    },
  ),
  node: fc.oneof(
    { maxDepth: 4, depthSize: "medium", depthIdentifier: "tree" },
    { weight: 6, arbitrary: tie("task") },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom(
          "note to self" as const,
          "siblings" as const,
          "chance" as const,
          "status" as const,
        ),
        label,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("cancelled timer" as const),
        label,
        later: fc.boolean(),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("sequence" as const),
        steps: fc.array(tie("node"), { minLength: 1, maxLength: 4 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("guard" as const), body: tie("node") }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("together" as const),
        how: fc.constantFrom("all" as const, "race" as const, "allSettled" as const),
        branches: fc.array(tie("node"), { minLength: 1, maxLength: 3 }),
      }),
    },
  ),
}));

/** A random program whose parts have labels of their own, by which results and failures are told apart. */
export const program: fc.Arbitrary<Program> = fc
  .record({
    style: fc.constantFrom(...styles),
    body: node,
    generations: fc.constantFrom(1, 1, 1, 2, 3),
  })
  .map((program) => ({ ...program, body: labelled(program.body, counter()) }));

function counter(): () => string {
  let last = 0;
  return () => `L${++last}`;
}

function labelled(node: Node, next: () => string): Node {
  switch (node.kind) {
    case "child":
      return { ...node, label: next(), body: labelled(node.body, next) };
    case "whenAll":
    case "whenAny":
      return { ...node, tasks: node.tasks.map((task) => labelledTask(task, next)) };
    case "sequence":
      return { ...node, steps: node.steps.map((step) => labelled(step, next)) };
    case "guard":
      return { ...node, body: labelled(node.body, next) };
    case "together":
      return { ...node, branches: node.branches.map((branch) => labelled(branch, next)) };
    default:
      return { ...node, label: next() };
  }
}

function labelledTask(task: TaskNode, next: () => string): TaskNode {
  switch (task.kind) {
    case "child":
      return { ...task, label: next(), body: labelled(task.body, next) };
    case "whenAll":
    case "whenAny":
      return { ...task, tasks: task.tasks.map((part) => labelledTask(part, next)) };
    default:
      return { ...task, label: next() };
  }
}

/** The events that a root waits for, and when they come. */
export function arrivalsOf({ body, generations }: Program): { name: string; at: number }[] {
  const waits = waitsIn(body);
  return Array.from({ length: generations }, (_, generation) =>
    waits.flatMap(({ label, arrival }) =>
      arrival === undefined ? [] : [{ name: `${label}@${generation}`, at: arrival }],
    ),
  ).flat();
}

function waitsIn(node: Node): readonly (TaskNode & { readonly kind: "wait" })[] {
  switch (node.kind) {
    case "wait":
      return [node];
    case "whenAll":
    case "whenAny":
      return node.tasks.flatMap(waitsIn);
    case "sequence":
      return node.steps.flatMap(waitsIn);
    case "guard":
      return waitsIn(node.body);
    case "together":
      return node.branches.flatMap(waitsIn);
    default:
      return [];
  }
}
