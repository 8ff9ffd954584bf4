import { describe, expect, it } from "vitest";
import { silentLogger } from "../logger.ts";
import { type TaskHubWorkerOptions, workerSettings } from "./options.ts";

describe("worker options", () => {
  it.each<[TaskHubWorkerOptions, RegExp]>([
    [{ concurrency: { activities: 0 } }, /concurrency\.activities is 0/u],
    [{ concurrency: { orchestrations: 1.5 } }, /concurrency\.orchestrations/u],
    [{ sessions: { count: -1 } }, /sessions\.count/u],
    [{ sessions: { bytes: Number.NaN } }, /sessions\.bytes/u],
    [{ shutdownTimeout: { seconds: -1 } }, /shutdownTimeout/u],
    [{ maximumTimerInterval: { seconds: 0 } }, /maximumTimerInterval/u],
    [{ maximumCompletionBytes: 1024 * 1024 - 1 }, /at least 1 MiB/u],
  ])("refuse %j", (options, reason) => {
    expect(() => workerSettings(options)).toThrow(reason);
  });

  // What the types forbid, JavaScript passes all the same.
  it.each<[object, RegExp]>([
    [{ versioning: { matchStrategy: "newest" } }, /matchStrategy is 'newest'.+currentOrOlder/u],
    [{ versioning: { failureStrategy: "Reject" } }, /failureStrategy is 'Reject'/u],
    [{ activityInputs: "net" }, /activityInputs is 'net'/u],
    [{ onNonDeterminism: "ignore" }, /onNonDeterminism is 'ignore'/u],
    [{ workItemFilters: "all" }, /workItemFilters is 'all'/u],
    [{ workItemFilters: { activities: ["charge"] } }, /a filter without a name/u],
  ])("refuse a misspelt choice: %j", (options, reason) => {
    expect(() => workerSettings(options)).toThrow(reason);
  });

  it("ask for what is registered once the worker has a version, otherwise for everything", () => {
    expect(workerSettings({}).workItemFilters).toBe("none");
    expect(workerSettings({ versioning: { version: "1" } }).workItemFilters).toBe("auto");
  });

  it("give failures the user's properties, and do without them where they throw", () => {
    const warnings: string[] = [];
    const logger = {
      ...silentLogger,
      warn: (_fields: unknown, message: string) => void warnings.push(message),
    };
    const { failureOf } = workerSettings({
      logger,
      failureProperties: (error) => {
        if (error instanceof RangeError) throw new Error("no properties for you");
        return { code: 7, at: ["a", null] };
      },
    });
    const failure = failureOf(new Error("outer", { cause: new Error("inner") }));
    expect(failure.properties["code"]?.kind).toEqual({ case: "numberValue", value: 7 });
    expect(failure.innerFailure?.properties["at"]?.kind.case).toBe("listValue");
    expect(failureOf(new RangeError("x"))).toMatchObject({
      errorType: "RangeError",
      properties: {},
    });
    expect(warnings).toHaveLength(1);
  });
});
