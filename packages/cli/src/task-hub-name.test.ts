import { expect, it } from "vitest";
import { checkedName } from "./task-hub-name.ts";

it.each(["default", "a", "my-hub", "hub_2", "x".repeat(63)])("takes %s", (name) => {
  expect(checkedName(name)).toBe(name);
});

it("knows no case, as some file systems", () => {
  expect(checkedName("MyHub")).toBe("myhub");
});

it.each([
  "",
  ".",
  "..",
  "../other",
  "a/b",
  String.raw`a\b`,
  "a.b",
  "a b",
  "a\0",
  "-a",
  "ä",
  "owner",
  "OWNER",
  "a-wal",
  "a-shm",
  "a-journal",
  "x".repeat(64),
])("does not let %j near the name of a file", (name) => {
  expect(() => checkedName(name)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
});
