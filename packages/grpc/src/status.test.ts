import { InvalidArgumentError, TaskHubError } from "@durabletask/core";
import { describe, expect, it } from "vitest";
import { fromStatus, toStatus } from "./status.ts";

const details = [{ type: "google.rpc.RetryInfo", value: Uint8Array.of(1, 2, 3) }];

describe("the error table", () => {
  it.each([
    [1, "CANCELLED"],
    [2, "UNKNOWN"],
    [3, "INVALID_ARGUMENT"],
    [4, "DEADLINE_EXCEEDED"],
    [5, "NOT_FOUND"],
    [6, "ALREADY_EXISTS"],
    [7, "PERMISSION_DENIED"],
    [8, "RESOURCE_EXHAUSTED"],
    [9, "FAILED_PRECONDITION"],
    [10, "ABORTED"],
    [12, "UNIMPLEMENTED"],
    [13, "INTERNAL"],
    [14, "UNAVAILABLE"],
    [16, "UNAUTHENTICATED"],
  ])("carries status %i as %s, details kept, both ways", (code, name) => {
    const status = { code, message: "so it is", details };
    const error = fromStatus(status);
    expect(error).toBeInstanceOf(TaskHubError);
    expect(error).toMatchObject({ code: name, details });
    expect(toStatus(error)).toEqual(status);
  });

  it.each([
    [11, "INVALID_ARGUMENT"],
    [15, "INTERNAL"],
    [99, "UNKNOWN"],
  ])("has a name for status %i, which no hub uses: %s", (code, name) => {
    expect(fromStatus({ code, message: "", details: [] }).code).toBe(name);
  });

  it.each([
    ["failed to start orchestration: orchestration instance already exists", "ALREADY_EXISTS"],
    ["no such instance exists", "NOT_FOUND"],
    ["No such instance exists", "NOT_FOUND"],
    ["failed to purge orchestration: orchestration has not yet completed", "FAILED_PRECONDITION"],
    ["unknown instance ID: abc", "NOT_FOUND"],
    ["unknown instance ID/task ID combo: abc/1", "NOT_FOUND"],
    ["something else", "UNKNOWN"],
  ])("recognises what durabletask-go means by UNKNOWN: %s", (message, name) => {
    expect(fromStatus({ code: 2, message, details: [] }).code).toBe(name);
    expect(fromStatus({ code: 13, message, details: [] }).code).toBe("INTERNAL");
  });

  it("names a page once, however many hops an error has made", () => {
    let error = new TaskHubError("NOT_FOUND", "gone");
    for (let hop = 0; hop < 3; hop++) error = fromStatus(toStatus(error));
    expect(error.message).toBe("gone (docs/errors/NOT_FOUND.md)");
  });

  it("knows an error by its code, not by its class", () => {
    expect(toStatus(new InvalidArgumentError("bad")).code).toBe(3);
    expect(toStatus(Object.assign(new Error("bad"), { code: "ABORTED" })).code).toBe(10);
    expect(toStatus(Object.assign(new Error("bad"), { code: "EIO" })).code).toBe(2);
    expect(toStatus("bad")).toEqual({ code: 2, message: "bad", details: [] });
  });

  it("keeps the cause", () => {
    const cause = new Error("deeper");
    expect(fromStatus({ code: 14, message: "x", details: [] }, { cause }).cause).toBe(cause);
  });
});
