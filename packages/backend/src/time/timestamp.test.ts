import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { toMs, toTimestamp } from "./timestamp.ts";

it.each([0, 1, 999, 1000, 1_767_225_600_123, -1, -1001])("%d ms survive both ways", (ms) => {
  expect(toTimestamp(ms)).toEqual(timestampFromMs(ms));
  expect(timestampMs(toTimestamp(ms))).toBe(ms);
  expect(toMs(toTimestamp(ms))).toBe(ms);
});

it("rounds up, so that nobody is early", () => {
  expect(toMs({ ...toTimestamp(1000), nanos: 1 })).toBe(1001);
});
