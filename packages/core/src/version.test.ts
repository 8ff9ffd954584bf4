import { describe, expect, it } from "vitest";
import { compareVersions } from "./version.ts";

describe("compareVersions", () => {
  it.each<[string | undefined, string | undefined, number]>([
    [undefined, undefined, 0],
    ["", undefined, 0],
    ["  ", "", 0],
    [undefined, "1.0", -1],
    ["1.0", "", 1],
    ["1.0", "1.0", 0],
    ["1.2", "1.10", -1],
    ["2.0", "1.99.99.99", 1],
    ["1.0", "1.0.0", -1],
    ["1.0.0.1", "1.0.0", 1],
    ["1", "2", -1],
    ["1", "10", -1],
    ["2", "10", 1],
    ["v1.10", "v1.9", -1],
    ["ALPHA", "alpha", 0],
    ["alpha", "beta", -1],
    ["1.0-beta", "1.0", 1],
    ["1.2.3.4.5", "1.2.3.4", 1],
    ["99999999999.0", "1.0", 1],
  ])("%j and %j: %i", (a, b, expected) => {
    expect(compareVersions(a, b)).toBe(expected);
    expect(compareVersions(b, a)).toBe(expected === 0 ? 0 : -expected);
  });
});
