import { expect, it } from "vitest";
import { RecentMean } from "./recent-mean.ts";

it("is the mean of the last numbers only", () => {
  const mean = new RecentMean(3);
  expect(mean.mean).toBeUndefined();
  const seen = [1, 3, 5, 10, 0].map((value) => {
    mean.add(value);
    return mean.mean;
  });
  expect(seen).toEqual([1, 2, 3, 6, 5]);
});
