import { expect, it } from "vitest";
import { blob, integer, optional, text } from "./columns.ts";

it("gives what a column holds, and nothing for NULL", () => {
  const bytes = new Uint8Array([1]);
  expect([integer(1), text(""), blob(bytes), optional(0, integer)]).toEqual([1, "", bytes, 0]);
  expect([optional(null, text), optional(undefined, blob)]).toEqual([undefined, undefined]);
});

it.each([
  ["an integer", integer, null],
  ["an integer", integer, "1"],
  ["a text", text, 1],
  ["a blob", blob, "bytes"],
])("says that a damaged file holds no %s", (expected, read, value) => {
  expect(() => read(value)).toThrow(`in place of ${expected}`);
});
