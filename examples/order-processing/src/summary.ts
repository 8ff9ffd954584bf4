import type { Figures } from "./figures.ts";
import type { Replays } from "./replay-counter.ts";
import { formatTable, type Row } from "./table.ts";

/** What the summary tells, besides what the histories say. */
export interface Run {
  readonly figures: Figures;
  /** Of all processes. */
  readonly replays: Replays;
  /** Activities that ran a second time because the kill cut them short. */
  readonly reruns: number;
  readonly charges: number;
  readonly elapsedMs: number;
  /** From the kill until the next process was at work. */
  readonly downMs: number;
  readonly fileBytes: number;
}

/** The summary as a table. */
export function formatSummary(run: Run): string {
  return formatTable([...orderRows(run), ...stepRows(run), ...turnRows(run), ...resourceRows(run)]);
}

function orderRows({ figures }: Run): Row[] {
  const { orders, shipped, approved, declined, rejected, failed } = figures;
  const rows = [
    row("Orders", orders, "each an orchestration of its own"),
    detail("shipped", shipped, `${number(approved)} of them approved by a human`),
    detail(
      "cancelled",
      declined + rejected,
      `${declined} payments declined, ${rejected} not approved`,
    ),
  ];
  return failed === 0 ? rows : [...rows, detail("failed", failed, "without an outcome")];
}

function stepRows({ figures, reruns, charges }: Run): Row[] {
  return [
    row("Steps", figures.completed, "activities completed"),
    detail("tried again", figures.retried, "a service was away; retried as the policy says"),
    detail("run twice", reruns, "under way when the process was killed"),
    row("Payments", charges, "that the bank has taken"),
  ];
}

function turnRows({ figures, replays }: Run): Row[] {
  const { turns, orchestrations, pastEvents } = figures;
  const avoided = turns - orchestrations - replays.turns;
  const spared = number(pastEvents - replays.events);
  return [
    row("Turns", turns, `of ${number(orchestrations)} orchestrations, shipments included`),
    detail("first", orchestrations, "had no past to replay"),
    detail("live", avoided, `replays avoided: ${spared} past events not run again`),
    detail("replayed", replays.turns, `after the kill: ${number(replays.events)} past events`),
  ];
}

function resourceRows({ elapsedMs, downMs, fileBytes }: Run): Row[] {
  return [
    row("Time", `${(elapsedMs / 1000).toFixed(1)} s`, `${Math.round(downMs)} ms of it down`),
    row("File", `${(fileBytes / 1_000_000).toFixed(1)} MB`, "orders, histories and all"),
  ];
}

function row(label: string, figure: number | string, note: string): Row {
  return { label, figure: typeof figure === "number" ? number(figure) : figure, note };
}

function detail(label: string, figure: number, note: string): Row {
  return { ...row(label, figure, note), isDetail: true };
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
