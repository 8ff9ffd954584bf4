import { create } from "@bufbuild/protobuf";
import { GetWorkItemsRequestSchema } from "@durabletask/protobuf";
import { expect, it } from "vitest";
import { WorkStream } from "./work-stream.ts";

/** What a worker gets if both kinds are always ready. */
function served(items: number): string {
  const stream = new WorkStream(create(GetWorkItemsRequestSchema), false, 1);
  let kinds = "";
  for (let item = 0; item < items; item++) {
    const isActivity = stream.isActivityNext;
    kinds += isActivity ? "a" : "t";
    stream.noteKind(isActivity);
  }
  return kinds;
}

it("serves several items of a kind in a row, and then the other kind", () => {
  expect(served(96)).toBe("t".repeat(32) + "a".repeat(32) + "t".repeat(32));
});

it("counts anew when the kind that is next was not there", () => {
  const stream = new WorkStream(create(GetWorkItemsRequestSchema), false, 1);
  for (let item = 0; item < 31; item++) stream.noteKind(false);
  stream.noteKind(true);
  for (let item = 0; item < 30; item++) stream.noteKind(true);
  expect(stream.isActivityNext).toBe(true);
  stream.noteKind(true);
  expect(stream.isActivityNext).toBe(false);
});
