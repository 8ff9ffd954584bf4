import { describe, expect, it } from "vitest";
import { type Duration, durationToMs } from "./duration.ts";

describe("durationToMs", () => {
  it.each<[Duration, number]>([
    [{ weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 }, 694_861_001],
    [{ seconds: 0 }, 0],
    [{ hours: 1.5 }, 5_400_000],
    [{ milliseconds: 0.2 }, 1],
    [{ minutes: 1, seconds: -30 }, 30_000],
  ])("%j is %i ms", (duration, ms) => {
    expect(durationToMs(duration)).toBe(ms);
  });

  it("reads what has getters, as Temporal.Duration has", () => {
    class Hours {
      get hours(): number {
        return 5;
      }
    }
    expect(durationToMs(new Hours())).toBe(18_000_000);
  });

  it.each<[string, unknown]>([
    ["a number", 5],
    ["zero", 0],
    ["text", "5s"],
    ["null", null],
    ["nothing in it", {}],
    ["an array", []],
    ["a promise", Promise.resolve()],
    ["a misspelt field", { second: 1 }],
    ["a field beside a misspelt one", { seconds: 1, minuts: 2 }],
    ["months", { months: 1, days: 1 }],
    ["NaN", { seconds: Number.NaN }],
    ["Infinity", { days: Infinity }],
    ["text in a field", { seconds: "5" }],
    ["a negative sum", { seconds: -1 }],
  ])("refuses %s", (_what, value) => {
    expect(() => durationToMs(value as Duration, "the wait")).toThrow(/^the wait /u);
  });
});
