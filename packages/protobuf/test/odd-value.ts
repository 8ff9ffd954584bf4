import type { Message } from "@bufbuild/protobuf";
import { type Arbitrary, constantFrom, nat, record } from "fast-check";

/** Values that have no business in most fields. */
const values: readonly unknown[] = [
  undefined,
  null,
  true,
  "",
  "7",
  "text",
  "\uD800",
  0,
  -0,
  -1,
  1.5,
  Number.NaN,
  2 ** 31,
  2 ** 53,
  0n,
  5n,
  -1n,
  2n ** 63n,
  [],
  [undefined],
  ["text"],
  {},
  { case: "nothing" },
  { text: 1 },
  Uint8Array.of(1),
  new Date(0),
];

/** Puts a value that may be of the wrong type anywhere into a copy of a message. */
export const anyOddity: Arbitrary<<M extends Message>(message: M) => M> = record({
  object: nat(),
  name: nat(),
  value: constantFrom(...values),
}).map(({ object, name, value }) => (message) => {
  const copy = structuredClone(message);
  const objects = objectsIn(copy);
  const target = objects[object % objects.length] ?? copy;
  const names = [...Object.keys(target), "$unknown", "$typeName", "another"];
  Reflect.set(target, names[name % names.length] ?? "", value);
  return copy;
});

function objectsIn(value: unknown): object[] {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}
