import {
  hasPromises,
  type Node,
  type Program,
  type Style,
  type TaskNode,
  termsOf,
} from "./program-tree.ts";

/** How a part of a program may end: when, counted in units from the start of the root, and with what. */
export interface Ending {
  readonly at: number;
  readonly outcome: Outcome;
}

/** A value, or the label of what failed. */
export type Outcome = { readonly value: unknown } | { readonly failure: string };

/** Thrown for a program that may end in too many ways: nothing is known of it, then. */
export class TooManyEndings extends Error {}

const mostEndings = 60;

/**
 * Every way in which a program may end, without running any of it: activities take no time, timers and waits whole units.
 * Two things at the same moment may come in either order, which is the only freedom.
 */
export function endingsOf({ style, body, generations }: Program): Outcome[] {
  let open: { at: number; values: unknown[] }[] = [{ at: 0, values: [] }];
  const ended: Outcome[] = [];
  for (let generation = 0; generation < generations; generation += 1) {
    const place: Place = { style, generation, isRoot: true, known: new Map() };
    const next: typeof open = [];
    for (const { at, values } of open) {
      for (const ending of run(body, at, place)) {
        if ("failure" in ending.outcome) ended.push(ending.outcome);
        else next.push({ at: ending.at, values: [...values, ending.outcome.value] });
      }
    }
    open = distinct(next);
  }
  return [...ended, ...open.map(({ values }) => ({ value: values }))];
}

interface Place {
  readonly style: Style;
  readonly generation: number;
  readonly isRoot: boolean;
  /** What has been worked out before, by part and moment. */
  readonly known: Map<Node, Map<number, Ending[]>>;
}

function run(node: Node, at: number, place: Place): Ending[] {
  const known = place.known.get(node) ?? new Map<number, Ending[]>();
  place.known.set(node, known);
  const endings = known.get(at) ?? distinct(endingsFrom(node, at, place));
  known.set(at, endings);
  return endings;
}

function endingsFrom(node: Node, at: number, place: Place): Ending[] {
  switch (node.kind) {
    case "sequence":
      return inSequence(node.steps, at, place);
    case "guard":
      return distinct(
        run(node.body, at, place).map(({ at, outcome }) => ({
          at,
          outcome: { value: "failure" in outcome ? { caught: outcome.failure } : outcome.value },
        })),
      );
    case "together":
      if (!hasPromises(place.style)) return inSequence(node.branches, at, place);
      return together(
        node.how,
        node.branches.map((branch) => run(branch, at, place)),
      );
    case "note to self":
    case "cancelled timer":
    case "chance":
    case "status":
    case "siblings":
      return [{ at, outcome: { value: `${node.label} done` } }];
    default:
      return runTask(node, at, place);
  }
}

function runTask(node: TaskNode, at: number, place: Place): Ending[] {
  switch (node.kind) {
    case "activity":
      return [activity(node, at)];
    case "timer":
      return [{ at: at + node.units, outcome: { value: "fired" } }];
    case "wait":
      return wait(node, at, place);
    case "child":
      return child(node, at);
    case "whenAll":
      return all(
        node.tasks.map((task) => run(task, at, place)),
        at,
        ({ endings }) => {
          const failed = endings.find(({ outcome }) => "failure" in outcome);
          return failed?.outcome ?? { value: endings.map(valueOf) };
        },
      );
    case "whenAny":
      return first(
        node.tasks.map((task) => run(task, at, place)),
        (index, outcome) => ({
          value: { index, ...outcome },
        }),
      );
    default:
      return node satisfies never;
  }
}

function activity(node: TaskNode & { readonly kind: "activity" }, start: number): Ending {
  let at = start;
  for (let attempt = 1; ; attempt += 1) {
    const result = `${node.label}#${attempt}`;
    if (attempt > node.fails) return { at, outcome: { value: result } };
    if (node.isNonRetriable || attempt >= node.attempts)
      return { at, outcome: { failure: result } };
    if (!node.byHandler) at += 2 ** (attempt - 1);
  }
}

function wait(node: TaskNode & { readonly kind: "wait" }, at: number, place: Place): Ending[] {
  const { arrival, timeout } = termsOf(node, place.isRoot);
  const name = `${node.label}@${place.generation}`;
  const endings: Ending[] = [];
  const limit = timeout === undefined ? Infinity : at + timeout;
  if (arrival !== undefined && arrival <= limit) {
    endings.push({ at: Math.max(at, arrival), outcome: { value: name } });
  }
  if (arrival === undefined || arrival >= limit) {
    endings.push({ at: limit, outcome: { failure: name } });
  }
  return endings;
}

function child(node: TaskNode & { readonly kind: "child" }, start: number): Ending[] {
  const place: Place = { style: node.style, generation: 0, isRoot: false, known: new Map() };
  const ended: Ending[] = [];
  let starts = [start];
  for (let attempt = 1; starts.length > 0; attempt += 1) {
    const endings = starts.flatMap((at) => run(node.body, at, place));
    const mayRetry = attempt < node.attempts;
    ended.push(...endings.filter(({ outcome }) => !mayRetry || "value" in outcome));
    const failed = endings.filter(({ outcome }) => mayRetry && "failure" in outcome);
    starts = distinct(failed.map(({ at }) => at + 2 ** (attempt - 1)));
  }
  return distinct(ended);
}

function inSequence(steps: readonly Node[], start: number, place: Place): Ending[] {
  let open: { at: number; values: unknown[] }[] = [{ at: start, values: [] }];
  const ended: Ending[] = [];
  for (const step of steps) {
    const next: typeof open = [];
    for (const { at, values } of open) {
      for (const ending of run(step, at, place)) {
        if ("failure" in ending.outcome) ended.push(ending);
        else next.push({ at: ending.at, values: [...values, ending.outcome.value] });
      }
    }
    open = distinct(next);
  }
  return distinct([
    ...ended,
    ...open.map(({ at, values }) => ({ at, outcome: { value: values } })),
  ]);
}

function together(how: "all" | "race" | "allSettled", branches: Ending[][]): Ending[] {
  if (how === "race") return first(branches, (_index, outcome) => outcome);
  return combinations(branches).flatMap((endings): Ending[] => {
    const last = Math.max(...endings.map(({ at }) => at));
    if (how === "allSettled") {
      return [{ at: last, outcome: { value: endings.map(({ outcome }) => outcome) } }];
    }
    const failed = endings.filter(({ outcome }) => "failure" in outcome);
    const earliest = Math.min(...failed.map(({ at }) => at));
    if (failed.length > 0) return failed.filter(({ at }) => at === earliest);
    return [{ at: last, outcome: { value: endings.map(valueOf) } }];
  });
}

function all(
  branches: Ending[][],
  start: number,
  outcomeOf: (of: { endings: readonly Ending[] }) => Outcome,
): Ending[] {
  return distinct(
    combinations(branches).map((endings) => ({
      at: Math.max(start, ...endings.map(({ at }) => at)),
      outcome: outcomeOf({ endings }),
    })),
  );
}

/** Whatever may end first, all others being later or at the same moment. */
function first(
  branches: readonly Ending[][],
  outcomeOf: (index: number, outcome: Outcome) => Outcome,
): Ending[] {
  const winners = branches.flatMap((endings, index) =>
    endings
      .filter(({ at }) =>
        branches.every(
          (others, other) => other === index || others.some((later) => later.at >= at),
        ),
      )
      .map(({ at, outcome }) => ({ at, outcome: outcomeOf(index, outcome) })),
  );
  return distinct(winners);
}

function combinations(branches: readonly Ending[][]): Ending[][] {
  return branches.reduce<Ending[][]>(
    (begun, endings) =>
      limited(begun.flatMap((before) => endings.map((ending) => [...before, ending]))),
    [[]],
  );
}

function valueOf({ outcome }: Ending): unknown {
  return "value" in outcome ? outcome.value : undefined;
}

function distinct<T>(endings: readonly T[]): T[] {
  return limited([...new Map(endings.map((ending) => [JSON.stringify(ending), ending])).values()]);
}

function limited<T>(endings: T[]): T[] {
  if (endings.length > mostEndings) throw new TooManyEndings();
  return endings;
}
