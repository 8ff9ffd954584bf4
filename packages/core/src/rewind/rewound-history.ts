import type { HistoryEvent } from "@durabletask/protobuf";
import { recordsAction } from "../engine/action-log.ts";
import type { Call } from "./failed-calls.ts";
import { failedCalls, isFailure } from "./failed-calls.ts";
import type { RecordedTurn } from "./recorded-turn.ts";
import { childIdOf, firstAttemptOf, taskAnsweredBy } from "./recorded-turn.ts";

/** What becomes of the history of a failed execution when it is rewound. */
export interface RewoundHistory {
  readonly turns: readonly RecordedTurn[];
  readonly inbox: readonly HistoryEvent[];
  /**
   * What the code had asked for that the turns do not show any more, each call once: first those that have succeeded, in the
   * order in which their results came.
   */
  readonly past: readonly PastCall[];
}

/** A call of the past, and the success that came of it. */
export interface PastCall {
  readonly scheduled: HistoryEvent;
  readonly result: HistoryEvent | undefined;
}

/**
 * Rewrites the history of a failed execution, so that what failed is asked for again (rule 20).
 *
 * What the code did because of a failure cannot be told from what it did beside it: it may have begun to wait for
 * something else, and only the code knows. So the history is cut at the first failure that is taken back. What is before
 * is untouched but for the failed calls, and so replays as it did. What came after the cut comes again. What was asked for
 * after it the code asks for again, and is given what came of it then (see `Past`).
 *
 * Calls that were made in turns in which nothing but what is taken back woke the code were made because of it: they are
 * not part of the past, and a compensation whose cause fails again runs again.
 */
export class Rewinding {
  readonly #turns: readonly RecordedTurn[];
  readonly #inbox: readonly HistoryEvent[];
  readonly #rewound: readonly Call[];
  /** Tasks whose results are taken back, because they failed or because nobody would have asked for them. */
  readonly #undone = new Set<number>();
  /** Those of them that were asked for because of a failure. */
  readonly #consequences = new Set<number>();
  /** How many turns are before the cut. */
  readonly #cut: number;

  constructor(turns: readonly RecordedTurn[], inbox: readonly HistoryEvent[]) {
    this.#turns = turns;
    this.#inbox = inbox;
    this.#rewound = failedCalls(turns, inbox);
    for (const { failures, retryIds } of this.#rewound) {
      for (const { taskId } of failures) this.#undone.add(taskId);
      for (const id of retryIds) this.#addConsequence(id);
    }
    this.#cut = Math.min(
      turns.length - 1,
      ...this.#rewound.flatMap(({ failures }) => failures.map(({ turn }) => turn)),
    );
    this.#findConsequences();
  }

  /** Ids of the children whose failures are rewound. */
  get children(): string[] {
    return this.#rewound.flatMap(
      ({ failures: [first] }) => (first && childIdOf(first.scheduled)) ?? [],
    );
  }

  /** The new history. The children in `resumed` are rewound themselves: the calls of them stay open. */
  rewrite(resumed: ReadonlySet<string>): RewoundHistory {
    const again = new Set<number>();
    for (const {
      failures: [first],
    } of this.#rewound)
      if (first && !resumed.has(childIdOf(first.scheduled) ?? "")) again.add(first.taskId);
    const { turns, rest } = this.#split();
    const kept = turns.map(({ started, delivered, recorded }) => ({
      started,
      delivered,
      recorded: recorded.filter((event) => !again.has(event.eventId)),
    }));
    const open = new Set<number>();
    for (const { recorded } of kept) for (const { eventId } of recorded) open.add(eventId);
    const inbox = rest.filter((event) => {
      const answered = taskAnsweredBy(event);
      return answered === undefined || (open.has(answered) && !this.#undone.has(answered));
    });
    return { turns: kept, inbox, past: this.#past(open, resumed) };
  }

  /** Turns before the cut, and what was delivered after it. */
  #split(): { readonly turns: readonly RecordedTurn[]; readonly rest: readonly HistoryEvent[] } {
    const turns = this.#turns.slice(0, this.#cut);
    const [last, ...later] = this.#turns.slice(this.#cut);
    const rest = [...later.flatMap(({ delivered }) => delivered), ...this.#inbox];
    if (!last) return { turns, rest };
    // Of a turn in which the code asked for nothing, what came before the failure may stay where it is.
    const stays = last.recorded.some(recordsAction) ? 0 : countBefore(last.delivered, this.#undone);
    if (stays > 0) turns.push({ ...last, delivered: last.delivered.slice(0, stays), recorded: [] });
    return { turns, rest: [...last.delivered.slice(stays), ...rest] };
  }

  #past(open: ReadonlySet<number>, resumed: ReadonlySet<string>): PastCall[] {
    const answers = this.#answers();
    const calls = new Map<string, PastCall>();
    for (const scheduled of this.#turns.flatMap(({ recorded }) => recorded)) {
      const { eventId: id } = scheduled;
      const name = open.has(id) ? undefined : nameOf(scheduled);
      if (name === undefined) continue;
      const answer = answers.get(id);
      const childId = childIdOf(scheduled);
      if (childId === undefined && this.#consequences.has(id)) continue;
      // A failed child is asked for anew; one that lives is found again, whatever it was started for.
      const isGone = answer ? isFailure(answer) || this.#consequences.has(id) : false;
      if (childId !== undefined && isGone && !resumed.has(childId)) continue;
      const result = answer && !isFailure(answer) ? answer : undefined;
      const known = calls.get(name);
      calls.set(name, {
        scheduled: known?.scheduled ?? scheduled,
        result: known?.result ?? result,
      });
    }
    const order = new Map([...answers.values()].map((event, index) => [event, index]));
    const positionOf = ({ result }: PastCall) => (result && order.get(result)) ?? order.size;
    return [...calls.values()].toSorted((a, b) => positionOf(a) - positionOf(b));
  }

  /** What came of each task, in the order in which it came. */
  #answers(): Map<number, HistoryEvent> {
    const answers = new Map<number, HistoryEvent>();
    for (const event of [...this.#turns.flatMap(({ delivered }) => delivered), ...this.#inbox]) {
      const answered = taskAnsweredBy(event);
      if (answered !== undefined) answers.set(answered, event);
    }
    return answers;
  }

  /** What the code asked for in turns in which nothing woke it but what is taken back. */
  #findConsequences(): void {
    for (const { delivered, recorded } of this.#turns.slice(this.#cut)) {
      const isBecauseOfIt = delivered.every((event) => answersOneOf(this.#undone, event));
      if (!isBecauseOfIt || delivered.length === 0) continue;
      for (const event of recorded) if (recordsAction(event)) this.#addConsequence(event.eventId);
    }
  }

  #addConsequence(id: number): void {
    this.#undone.add(id);
    this.#consequences.add(id);
  }
}

/** By what the attempts at one call are known to belong together. Timers are not part of the past: they begin anew. */
function nameOf(scheduled: HistoryEvent): string | undefined {
  const { case: kind } = scheduled.eventType;
  if (kind === "eventSent") return `event ${scheduled.eventId}`;
  const attempt = firstAttemptOf(scheduled) ?? childIdOf(scheduled);
  return attempt === undefined ? undefined : `${kind} ${attempt}`;
}

function answersOneOf(tasks: ReadonlySet<number>, event: HistoryEvent): boolean {
  const answered = taskAnsweredBy(event);
  return answered !== undefined && tasks.has(answered);
}

function countBefore(events: readonly HistoryEvent[], undone: ReadonlySet<number>): number {
  const first = events.findIndex((event) => answersOneOf(undone, event));
  return first === -1 ? events.length : first;
}
