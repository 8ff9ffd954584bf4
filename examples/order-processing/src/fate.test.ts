import { expect, it } from "vitest";
import { fateOf } from "./fate.ts";

const fates = Array.from({ length: 1000 }, (_, index) => fateOf(`step ${index}`));

it("is the same each time", () => {
  expect(fateOf("step 7")).toEqual(fates[7]);
});

it("lets some steps fail, but never so often that retries run out", () => {
  const failing = fates.filter(({ failures }) => failures > 0).length;
  expect(failing).toBeGreaterThan(50);
  expect(failing).toBeLessThan(150);
  expect(Math.max(...fates.map(({ failures }) => failures))).toBe(2);
});

it("keeps every step short", () => {
  for (const { latencyMs } of fates) expect(latencyMs).toBeLessThan(150);
});
