import { expect, it } from "vitest";
import { IdWindow } from "./id-window.ts";

it("gives what was added under an id, once, whatever was taken before and however far ids lie apart", () => {
  const window = new IdWindow<string>();
  for (const id of [3, 4, 9]) window.add(id, `#${id}`);
  expect([2, 3, 5, 9, 10].map((id) => window.get(id))).toEqual([
    undefined,
    "#3",
    undefined,
    "#9",
    undefined,
  ]);
  expect([4, 4, 3, 9].map((id) => window.take(id))).toEqual(["#4", undefined, "#3", "#9"]);
  expect(window.isEmpty).toBe(true);
  window.add(12, "#12");
  window.add(13, "#13");
  expect(window.get(9)).toBeUndefined();
  expect(window.takeAll((id, item) => [id, item])).toEqual([
    [12, "#12"],
    [13, "#13"],
  ]);
  expect([window.isEmpty, window.get(12)]).toEqual([true, undefined]);
});
