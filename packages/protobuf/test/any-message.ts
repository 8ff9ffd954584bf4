import type { DescField, DescMessage, Message, MessageInitShape } from "@bufbuild/protobuf";
import { create, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import {
  type Arbitrary,
  array,
  bigInt,
  boolean,
  constant,
  dictionary,
  double,
  integer,
  oneof,
  record,
  string,
} from "fast-check";

const text = oneof(
  string({ maxLength: 12 }),
  string({ unit: "grapheme", maxLength: 8 }),
  string({ unit: "binary", maxLength: 8 }).map((value) => value.toWellFormed()),
  string({ minLength: 20, maxLength: 150 }),
  constant("\uFEFF marked"),
);

/** A key that sets a prototype has a test of its own. */
const key = text.filter((value) => value !== "__proto__");

const int32 = oneof(
  integer({ min: -2, max: 200 }),
  integer(),
  constant(-2_147_483_648),
  constant(2_147_483_647),
);

const int64 = oneof(
  bigInt({ min: 0n, max: 253_402_300_799n }),
  bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

/** Messages of a kind with any of their fields, and messages in them down to so many levels. */
export function anyMessage(schema: DescMessage, levels = 5): Arbitrary<Message> {
  const init = record(
    Object.fromEntries(
      schema.members.map((member) => [member.localName, anyMember(member, levels)]),
    ),
    { requiredKeys: [] },
  );
  return init.map((fields) => create(schema, fields as MessageInitShape<DescMessage>));
}

function anyMember(member: DescMessage["members"][number], levels: number): Arbitrary<unknown> {
  if (member.kind === "field") return anyField(member, levels);
  const cases = member.fields
    .filter((field) => levels > 0 || field.fieldKind !== "message")
    .map((field) => record({ case: constant(field.localName), value: anyField(field, levels) }));
  return oneof(constant({ case: undefined }), ...cases);
}

function anyField(field: DescField, levels: number): Arbitrary<unknown> {
  if (field.message && levels === 0) return constant(undefined);
  switch (field.fieldKind) {
    case "message":
      return anyValue(field, levels);
    case "list":
      return array(anyValue(field, levels), { maxLength: 3 });
    case "map":
      return dictionary(key, anyValue(field, levels), { maxKeys: 3 });
    default:
      return anyValue(field, levels);
  }
}

function anyValue({ message, enum: kind, scalar }: DescField, levels: number): Arbitrary<unknown> {
  if (message && isWrapperDesc(message)) return anyScalar(message.fields[0].scalar);
  if (message) return anyMessage(message, levels - 1);
  return kind ? oneof(integer({ min: 0, max: 9 }), integer()) : anyScalar(scalar);
}

function anyScalar(scalar: ScalarType | undefined): Arbitrary<unknown> {
  switch (scalar) {
    case ScalarType.INT32:
      return int32;
    case ScalarType.INT64:
      return int64;
    case ScalarType.BOOL:
      return boolean();
    case ScalarType.DOUBLE:
      return double();
    case ScalarType.STRING:
      return text;
    default:
      throw new Error(`The contract has no fields of the scalar type ${scalar}.`);
  }
}
