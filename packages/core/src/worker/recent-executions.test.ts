import { expect, it } from "vitest";
import { RecentExecutions } from "./recent-executions.ts";

it("knows an execution by its instance and its own id, until too many have come after it", () => {
  const recent = new RecentExecutions(2);
  expect(recent.add("a", "1")).toBe(true);
  expect(recent.add("a", "1")).toBe(false);
  expect(recent.add("a", "2")).toBe(true);
  expect(recent.add("a", undefined)).toBe(true);
  expect(recent.add("a", "1")).toBe(true);
});
