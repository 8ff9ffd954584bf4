import { expect, it } from "vitest";
import type * as Errors from "./errors.ts";
import { DurableTaskError, InvalidArgumentError, TaskHubError } from "./errors.ts";

it("a TaskHubError of another copy of this package is an instance of this one's", async () => {
  const address = new URL("./errors.ts?another-copy", import.meta.url).href;
  const copy = (await import(address)) as typeof Errors;
  expect(copy.TaskHubError).not.toBe(TaskHubError);
  expect(new copy.TaskHubError("ABORTED", "no")).toBeInstanceOf(TaskHubError);
});

it("nothing else is", () => {
  for (const other of [new InvalidArgumentError("no"), new Error("no"), undefined, "no"]) {
    expect(other).not.toBeInstanceOf(TaskHubError);
  }
  expect(new TaskHubError("ABORTED", "no")).toBeInstanceOf(DurableTaskError);
});
