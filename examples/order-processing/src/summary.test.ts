import { expect, it } from "vitest";
import { formatSummary } from "./summary.ts";

const figures = {
  orders: 1300,
  shipped: 1280,
  approved: 7,
  declined: 15,
  rejected: 5,
  failed: 0,
  orchestrations: 2580,
  completed: 9000,
  retried: 80,
  timers: 1280,
  turns: 12_000,
  pastEvents: 100_000,
};
const run = {
  figures,
  replays: { turns: 20, events: 300 },
  reruns: 12,
  charges: 1280,
  elapsedMs: 12_340,
  downMs: 400.4,
  fileBytes: 3_210_000,
};

it("tells what can be counted, and what follows from it", () => {
  const summary = formatSummary(run);
  expect(summary).toContain("│   cancelled   │     20 │ 15 payments declined, 5 not approved");
  expect(summary).toContain("│   live        │  9,400 │ replays avoided: 99,700 past events");
  expect(summary).toContain("│ Time          │ 12.3 s │ 400 ms of it down");
  expect(summary).toContain("│ File          │ 3.2 MB │");
});

it("fits a terminal, and is silent about failures that there are not", () => {
  const summary = formatSummary(run);
  for (const line of summary.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  expect(summary).not.toContain("failed");
});

it("does not hide an order that failed", () => {
  const summary = formatSummary({ ...run, figures: { ...figures, failed: 2 } });
  expect(summary).toContain("│   failed      │      2 │ without an outcome");
});
