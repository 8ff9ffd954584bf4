import { expect, test } from "vitest";
import type { CountedModule } from "./closing-line-reporter.ts";
import { closingLine } from "./closing-line-reporter.ts";

function file(state: string, ...tests: string[]): CountedModule {
  return {
    state: () => state,
    children: { allTests: () => tests.map((result) => ({ result: () => ({ state: result }) })) },
  };
}

test("counts passed and failed tests over all files", () => {
  const files = [file("passed", "passed", "passed"), file("failed", "passed", "failed")];
  expect(closingLine(files, [])).toBe("3 passed, 1 failed");
});

test("names skipped tests only where there are any", () => {
  expect(closingLine([file("passed", "passed", "skipped")], [])).toBe(
    "1 passed, 0 failed, 1 skipped",
  );
});

test("counts a file that fails outside its tests", () => {
  expect(closingLine([file("failed", "passed"), file("failed")], [])).toBe("1 passed, 2 failed");
});

test("counts a test that never ran as failed", () => {
  expect(closingLine([file("failed", "passed", "pending")], [])).toBe("1 passed, 1 failed");
});

test("counts an error that no test caught", () => {
  expect(closingLine([file("passed", "passed")], [new Error("late")])).toBe("1 passed, 1 failed");
});
